/** The lines a script's output stands between. The nonce is new for each run, so nothing a host prints can be taken for one. */
export function beginLine(nonce: string): string {
  return `hostmem ${nonce} begin\n`;
}

/** What stands right behind the script's last byte; the exit code and a line feed follow. */
export function endMark(nonce: string): string {
  return `hostmem ${nonce} end `;
}

const LONGEST_CODE = 10;

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Cuts one stream out of its frame, in whatever pieces it comes. */
export class FrameParser {
  private readonly begin: Buffer;
  private readonly end: Buffer;
  private pending: Buffer = Buffer.alloc(0);
  private state: "before" | "inside" | "after" = "before";
  /** The script's exit code, once the end line is there, and never before. */
  exitCode: number | undefined;

  constructor(nonce: string) {
    this.begin = Buffer.from(beginLine(nonce));
    this.end = Buffer.from(endMark(nonce));
  }

  get begun(): boolean {
    return this.state !== "before";
  }

  get ended(): boolean {
    return this.state === "after";
  }

  /** Takes a piece and returns what of the script's own output is now certain. What follows the end line is dropped. */
  add(chunk: Buffer): Buffer {
    if (this.state === "after") return Buffer.alloc(0);
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    if (this.state === "before" && !this.skipNoise()) return Buffer.alloc(0);
    return this.takeOutput();
  }

  private skipNoise(): boolean {
    const at = this.pending.indexOf(this.begin);
    if (at < 0) {
      // Only what could be the first half of the begin line has to be kept.
      this.pending = this.pending.subarray(Math.max(0, this.pending.length - this.begin.length + 1));
      return false;
    }
    this.state = "inside";
    this.pending = this.pending.subarray(at + this.begin.length);
    return true;
  }

  private takeOutput(): Buffer {
    for (let from = 0; ; ) {
      const at = this.pending.indexOf(this.end, from);
      // Only what could become the end line is held back: whoever follows a log wants its lines when they are there.
      if (at < 0) return this.release(this.pending.length - this.possibleEnd());
      const code = this.codeAt(at + this.end.length);
      if (code === "cut") return this.release(at);
      if (code !== "none") {
        this.exitCode = code;
        this.state = "after";
        const output = this.release(at);
        this.pending = Buffer.alloc(0);
        return output;
      }
      from = at + 1;
    }
  }

  private release(length: number): Buffer {
    const output = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    return output;
  }

  /** The exit code and the end of its line. A mark without them is output: else a host could have us hold back what it likes. */
  private codeAt(start: number): number | "cut" | "none" {
    let at = start;
    while (at - start < LONGEST_CODE && isDigit(this.pending[at])) at++;
    if (at === this.pending.length) return "cut";
    if (at === start || this.pending[at] !== 0x0a) return "none";
    return Number(this.pending.toString("latin1", start, at));
  }

  /** How many of the last bytes are a first part of the end mark. */
  private possibleEnd(): number {
    for (let length = Math.min(this.end.length, this.pending.length); length > 0; length -= 1) {
      if (this.pending.subarray(-length).equals(this.end.subarray(0, length))) return length;
    }
    return 0;
  }
}
