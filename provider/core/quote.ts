/** Shell text that is already complete: the only thing that goes into a script as it stands. */
export class Script {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What may be put into a `sh` template. An array becomes several words; an empty one becomes none. */
export type Word = string | number | Script | readonly (string | number)[];

/**
 * One word for POSIX `sh` that means exactly this text, whatever is in it.
 *
 * Single quotes are the only form in which no shell (nor busybox's) interprets anything.
 */
export function quote(value: string): string {
  if (value.includes("\0")) throw new TypeError("a shell word cannot hold a NUL character");
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/**
 * A script in which every interpolated value is quoted by its type: sh`mkdir -p ${path}`.
 *
 * Backslashes in the template reach the shell as written. Text inside quotation marks of the template is refused: it would
 * be quoted twice, and within double quotes the shell would run what is in it.
 */
export function sh(template: TemplateStringsArray, ...values: Word[]): Script {
  let text = template.raw[0] ?? "";
  values.forEach((value, index) => {
    const literal = template.raw.slice(0, index + 1).join("x");
    if (!(value instanceof Script) && isInsideQuotes(literal)) {
      throw new TypeError(`value ${index + 1} stands inside quotation marks: leave them out, it is quoted here`);
    }
    text += words(value) + (template.raw[index + 1] ?? "");
  });
  return new Script(text);
}

/** Several scripts, one after the other, each on lines of its own. */
export function lines(...scripts: Script[]): Script {
  return new Script(scripts.map((script) => script.text).join("\n"));
}

function words(value: Word): string {
  if (value instanceof Script) return value.text;
  if (Array.isArray(value)) return value.map(word).join(" ");
  return word(value);
}

function word(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  throw new TypeError(`cannot put ${value === null ? "null" : typeof value} into a script`);
}

/** Follows quotation marks, backslashes and comments; here-documents are read as plain text. */
function isInsideQuotes(text: string): boolean {
  let open = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\" && open !== "'") index += 1;
    else if (open) open = character === open ? "" : open;
    else if (character === "'" || character === '"') open = character;
    else if (character === "#" && (index === 0 || /[\s;&|(]/.test(text[index - 1] ?? ""))) {
      const end = text.indexOf("\n", index);
      if (end < 0) return false;
      index = end;
    }
  }
  return open !== "";
}
