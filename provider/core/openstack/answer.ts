import { readableLine } from "../readable";

/** Something in an answer that is not as the API's reference has it. */
export class BadAnswer extends Error {}

/** A part of a JSON answer that knows where it stands, read as what the API's reference says that it is. */
export class Answer {
  constructor(
    private readonly value: unknown,
    private readonly at = "the answer",
  ) {}

  /** A member that may be missing or null. */
  optional(name: string): Answer | undefined {
    const value = this.members()[name];
    return value === undefined || value === null ? undefined : new Answer(value, this.pathOf(name));
  }

  get(name: string): Answer {
    return this.optional(name) ?? this.fail(`has no ${name}`);
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.fail("is no text");
  }

  number(): number {
    return typeof this.value === "number" && Number.isFinite(this.value) ? this.value : this.fail("is no number");
  }

  flag(): boolean {
    return typeof this.value === "boolean" ? this.value : this.fail("is neither true nor false");
  }

  list(): Answer[] {
    if (!Array.isArray(this.value)) return this.fail("is no list");
    return this.value.map((each, index) => new Answer(each, `${this.at}[${index}]`));
  }

  entries(): [string, Answer][] {
    return Object.entries(this.members()).map(([name, value]) => [name, new Answer(value, this.pathOf(name))]);
  }

  private members(): Record<string, unknown> {
    const isObject = typeof this.value === "object" && this.value !== null && !Array.isArray(this.value);
    return isObject ? (this.value as Record<string, unknown>) : this.fail("is no object");
  }

  private pathOf(name: string): string {
    return this.at === "the answer" ? name : `${this.at}.${name}`;
  }

  private fail(what: string): never {
    throw new BadAnswer(`${this.at} ${what}`);
  }
}

/** Reads the body of an answer. */
export function parseAnswer(body: Buffer): Answer {
  try {
    return new Answer(JSON.parse(body.toString("utf8")));
  } catch {
    throw new BadAnswer("the answer is no JSON");
  }
}

/** What the body of an error says, whatever wrote it: one of the services, a proxy, a web server. */
export function spokenError(body: Buffer, contentType: string | undefined): string {
  const text = body.subarray(0, 64 * 1024).toString("utf8");
  const said = contentType?.includes("json") ? jsonMessage(text) : undefined;
  const shown = readableLine(said ?? withoutTags(text)).trim();
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}

/** Keystone and Nova have an object with a message, placement a list with details. */
function jsonMessage(text: string): string | undefined {
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    const [first] = Object.values(parsed);
    const error = (Array.isArray(first) ? first[0] : first) as Record<string, unknown> | undefined;
    const message = error?.["message"] ?? error?.["detail"] ?? error?.["title"];
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

/** The code by which placement tells its conflicts apart, from version 1.23 of its API on. */
export function errorCode(body: Buffer): string | undefined {
  try {
    const parsed = JSON.parse(body.toString("utf8")) as { errors?: { code?: unknown }[] };
    const code = parsed.errors?.[0]?.code;
    return typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}

function withoutTags(text: string): string {
  return text
    .replace(/<(script|style)\b[^>]*>[\s\S]*?(<\/\1>|$)/gi, " ")
    .replace(/<[^>]*(>|$)/g, " ")
    .replace(/\s+/g, " ");
}
