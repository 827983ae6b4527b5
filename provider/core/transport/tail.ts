import { sanitize } from "../readable";

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
