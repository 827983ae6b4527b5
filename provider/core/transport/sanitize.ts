// A host can print what it likes. What we show of it must not move the reader's cursor, set the window's title, or make
// text read in another order than it stands.

/** CSI, then OSC/DCS/APC/PM/SOS up to their end (or the end of the text), then two-character escapes. */
const ESCAPE_SEQUENCES =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[\s\S]*?(?:\u0007|\u001b\\|\u009c|$)|\u001b[ -/]*[0-~]?/g;

/** C0 without tab and line feed, DEL, C1, and the characters that change the direction of text or hide it. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text without terminal escapes and control characters. A progress bar's carriage returns become line ends. */
export function sanitize(text: string): string {
  return text.replace(ESCAPE_SEQUENCES, "").replace(/\r\n?/g, "\n").replace(CONTROLS, "");
}

/** The last part of a stream, in bounded memory. */
export class Tail {
  private kept: Buffer = Buffer.alloc(0);

  constructor(private readonly maxBytes: number) {}

  add(chunk: Buffer): void {
    // Twice the bound is kept, so that a flood of tiny chunks does not copy the whole tail for each of them.
    const joined = Buffer.concat([this.kept, chunk.subarray(-this.maxBytes)]);
    this.kept = joined.length > 2 * this.maxBytes ? joined.subarray(-this.maxBytes) : joined;
  }

  /** The tail as clean text; a character or escape sequence cut by the bound leaves no debris at its start. */
  text(): string {
    const cut = this.kept.subarray(-this.maxBytes).toString("utf8");
    return sanitize(cut.replace(/^\ufffd+/, "")).trim();
  }
}

/** The last line with something on it, short enough for a message. */
export function lastLine(text: string, maxLength = 200): string {
  const line = text.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}
