import * as fs from "node:fs";
import * as path from "node:path";
import type { LabHost } from "../lab/labHost";

const folder = "/var/tmp/watched-shell";
/** Where sudo looks first for the shell that it is asked for; everything that a client runs as root runs in it. */
const shell = "/usr/local/sbin/sh";

/**
 * Stands between sudo and every shell that a client asks a host for: what reads facts there, starts an apply and follows it.
 * The apply itself is no child of it.
 */
export class LaunchCutter {
  private constructor(private readonly host: LabHost) {}

  /** On a host with a cutter. */
  static async on(host: LabHost): Promise<LaunchCutter> {
    const watch = `exec env WATCHED=1 /usr/local/bin/cutter ${folder} /bin/sh "$@"`;
    await host.succeed(`mkdir -p ${folder}`);
    await host.writeFile(shell, `#!/bin/sh\n[ -z "\${WATCHED:-}" ] || exec /bin/sh "$@"\n${watch}\n`, { mode: "755" });
    return new LaunchCutter(host);
  }

  async remove(): Promise<void> {
    await this.host.succeed(`rm -r ${shell} ${folder}`);
  }

  /** Lets the first shell that gets so far live until its call of this number, from 1. */
  cutAt(call: number): void {
    fs.writeFileSync(this.inside("at"), `${call}\n`);
  }

  get wasCut(): boolean {
    return !fs.existsSync(this.inside("at"));
  }

  /** Every mutating system call of the last shell. */
  calls(): string[] {
    return fs.readFileSync(this.inside("calls"), "utf8").split("\n").filter(Boolean);
  }

  private inside(name: string): string {
    return path.join(this.host.rootDirectory, folder, name);
  }
}
