/** How many hosts are read at the same time. */
const readsAtOnce = 64;

/** Keeps a fleet of any size from starting a thousand ssh processes in one moment. */
export class Turns {
  private readonly waiting: (() => void)[] = [];

  constructor(private free = readsAtOnce) {}

  /** Does work once it is its turn. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.free--;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}
