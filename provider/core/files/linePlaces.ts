/** Where the lines of a text are. Looked for anew from each place, they would take a time that grows with the square of it. */
export class LinePlaces {
  private readonly starts = [0];
  private readonly numbers = [1];

  constructor(private readonly text: string) {
    for (const { index, 0: ending } of text.matchAll(/\r\n|\r|\n/g)) {
      this.starts.push(index + ending.length);
      this.numbers.push(this.numbers.at(-1)! + (ending === "\r" ? 0 : 1));
    }
  }

  /** Where the line of a place starts. */
  start(offset: number): number {
    return this.starts[this.index(offset)]!;
  }

  /** Number of the line of a place, from 1, for those who count line feeds. */
  number(offset: number): number {
    return this.numbers[this.index(offset)]!;
  }

  /** The whole lines from that of one place to that of another, and their text without the ending of the last one. */
  span(from: number, to: number): { offset: number; length: number; raw: string } {
    const offset = this.start(from);
    const next = this.starts[this.index(to) + 1];
    if (next === undefined) return { offset, length: this.text.length - offset, raw: this.text.slice(offset) };
    const ending = this.text.startsWith("\r\n", next - 2) ? 2 : 1;
    return { offset, length: next - offset, raw: this.text.slice(offset, next - ending) };
  }

  private index(offset: number): number {
    let [low, high] = [0, this.starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}
