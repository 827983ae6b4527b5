import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Looks for texts in the arguments and the environment of every process, and in the files of a folder, again and again
 * until it is told to stop. Processes of containers on this machine are among them.
 */
export class ProcessWatch {
  readonly found = new Set<string>();
  samples = 0;
  private readonly searched = new Map<string, string>();
  private readonly timer: NodeJS.Timeout;

  /**
   * @param texts each in every form in which it could show.
   * @param folder whose files are looked into as well.
   */
  constructor(
    private texts: readonly string[],
    private readonly folder: string | undefined,
    everyMs = 3,
  ) {
    this.timer = setInterval(() => this.look(), everyMs);
  }

  /** From now on these. */
  lookFor(texts: readonly string[]): void {
    this.texts = texts;
    this.searched.clear();
  }

  stop(): void {
    this.look();
    clearInterval(this.timer);
  }

  private look(): void {
    this.samples += 1;
    const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    const places = processes.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
    const files = this.folder === undefined ? [] : readdirSync(this.folder).map((name) => join(this.folder!, name));
    for (const path of [...places, ...files]) {
      let content: string;
      try {
        content = readFileSync(path, "utf8");
      } catch {
        continue; // gone, or a socket
      }
      // What is as it was need not be searched again, so that looking often is cheap.
      if (this.searched.get(path) === content) continue;
      this.searched.set(path, content);
      for (const text of this.texts) if (content.includes(text)) this.found.add(`${text} in ${path}: ${content}`);
    }
  }
}
