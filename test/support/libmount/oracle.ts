import { resolve } from "node:path";
import { LineProcess } from "../lineProcess";

/** An entry as libmount has it. */
export interface Mounted {
  source: string | null;
  target: string;
  fstype: string;
  options: string | null;
  /** Where in its file system the mount begins; for a mountinfo only. */
  root: string | null;
  /** The options one by one; null for a list that libmount refuses. */
  optionList: string[] | null;
  /** `major:minor`; for a mountinfo only. */
  device: string;
  /** Those of the paths asked about that are its mount point. */
  at: string[];
}

/** An entry as getmntent(3) has it, with which systemd reads fstab. */
export type LibcEntry = Record<"source" | "target" | "fstype" | "options", string>;

/** A process that has loaded libmount, with which mount(8) and findmnt(8) read. */
export class MountOracle {
  private constructor(private readonly process: LineProcess) {}

  static async start(): Promise<MountOracle> {
    const script = resolve(__dirname, "../../../../test/support/libmount/oracle.py");
    return new MountOracle(LineProcess.start("libmount", ["python3", script]));
  }

  fstab(text: string, paths: readonly string[] = []): Promise<{ libmount: Mounted[]; libc: LibcEntry[] }> {
    return this.process.ask({ fstab: text, paths });
  }

  async mountinfo(text: string): Promise<Mounted[]> {
    return (await this.process.ask<{ libmount: Mounted[] }>({ mountinfo: text })).libmount;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
