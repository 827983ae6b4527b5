import { nearest } from "./nearest";

/** One thing wrong with what the user wrote, or with the host it was written for. */
export interface Problem {
  /** Path of the property, as in `connection.port`; empty where no single property is to blame. */
  path: string;
  /** What is wrong and what to do about it, one or two sentences. */
  message: string;
}

/** Collects problems while reading untyped inputs; the reader goes on, so that one run names them all. */
export class Inputs {
  constructor(
    private readonly values: Record<string, unknown>,
    private readonly at: string,
    readonly problems: Problem[],
    /** Values are never quoted: they are secrets, or stand where somebody may have put one by mistake. */
    private readonly isSecret = false,
  ) {}

  has(name: string): boolean {
    return this.values[name] !== undefined && this.values[name] !== null;
  }

  raw(name: string): unknown {
    return this.values[name];
  }

  path(name: string): string {
    return this.at === "" ? name : `${this.at}.${name}`;
  }

  problem(name: string, message: string): undefined {
    this.problems.push({ path: this.path(name), message });
    return undefined;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    if (!this.has(name)) return undefined;
    if (typeof value !== "string") return this.problem(name, `must be text, not ${kindOf(value)}`);
    if (value === "") return this.problem(name, "must not be empty; leave it out instead");
    if (value.includes("\0")) return this.problem(name, "must not contain a NUL character; leave that out");
    return value;
  }

  /** A whole number within bounds. */
  integer(name: string, minimum: number, maximum: number): number | undefined {
    const value = this.values[name];
    if (!this.has(name)) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value) || value < minimum || value > maximum) {
      return this.problem(name, `must be a whole number from ${minimum} to ${maximum}${this.not(value)}`);
    }
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.values[name];
    if (!this.has(name)) return undefined;
    return typeof value === "boolean" ? value : this.problem(name, `must be true or false${this.not(value)}`);
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.values[name];
    if (!this.has(name)) return undefined;
    if (!choices.includes(value as T)) {
      return this.problem(name, `must be ${choices.map((one) => `"${one}"`).join(" or ")}${this.not(value)}`);
    }
    return value as T;
  }

  choices<T extends string>(name: string, choices: readonly T[]): T[] {
    const value = this.values[name];
    if (!this.has(name)) return [];
    if (!Array.isArray(value)) {
      const list = choices.map((one) => `"${one}"`).join(", ");
      this.problem(name, `must be a list in brackets, not ${kindOf(value)}; what can be in it: ${list}`);
      return [];
    }
    return value.flatMap((one, index) => {
      if (choices.includes(one)) return [one as T];
      this.problem(
        `${name}[${index}]`,
        `must be one of ${choices.map((each) => `"${each}"`).join(", ")}${this.not(one)}`,
      );
      return [];
    });
  }

  /** @param example what the user is to write instead of anything that is no object. */
  object(name: string, example: string, isSecret = this.isSecret): Inputs | undefined {
    const value = this.values[name];
    if (!this.has(name)) return undefined;
    if (typeof value !== "object" || Array.isArray(value))
      return this.problem(name, `must be an object such as ${example}, not ${kindOf(value)}`);
    return new Inputs(value as Record<string, unknown>, this.path(name), this.problems, isSecret);
  }

  private not(value: unknown): string {
    return this.isSecret ? "" : `, not ${show(value)}`;
  }

  /** A misspelt property would silently do nothing. */
  rejectUnknown(known: readonly string[]): void {
    for (const name of Object.keys(this.values)) {
      if (known.includes(name)) continue;
      const meant = nearest(name, known);
      this.problem(
        name,
        `is not a property here; ${meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${meant}?`}`,
      );
    }
  }
}

/** A value in a message: short, on one line. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
