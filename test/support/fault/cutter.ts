import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import type { LabHost } from "../lab/labHost";
import { repositoryRoot } from "../lab/places";
import { LabError, run } from "../lab/process";

const program = "/usr/local/bin/cutter";
/** On the host; written and read from this machine, so that nothing has to run there. */
const folder = "/var/tmp/cutter";
const dropIns = "/run/systemd/system/hostmem-apply-.service.d";

/** What an apply did while the cutter watched it. */
export interface Watched {
  /** Every mutating system call, in order, such as `renameat2 /etc/.fstab.hostmem-new /etc/fstab`. */
  calls: string[];
  /** The last of them did not happen, and nothing after it. */
  wasCut: boolean;
}

/**
 * Stands between systemd and every apply of a lab host: counts the mutating system calls of all its processes, and kills
 * all of them at the one that it is told.
 */
export class Cutter {
  private at = 0;

  private constructor(private readonly host: LabHost) {}

  static async on(host: LabHost): Promise<Cutter> {
    await host.copyTo(await cutterProgram(), program, { mode: "755" });
    const unit = `[Service]\nExecStart=\nExecStart=${program} ${folder} /bin/sh /var/lib/hostmem/apply/%j/script\n`;
    await host.succeed(`mkdir -p ${folder} ${dropIns}`);
    await host.writeFile(`${dropIns}/cutter.conf`, unit);
    // What an apply prints is no change of the host.
    await host.writeFile(`${folder}/ignore`, "/var/lib/hostmem/apply/*/log\n");
    await host.succeed("systemctl daemon-reload");
    return new Cutter(host);
  }

  /** Takes all of it off the host again. */
  async remove(): Promise<void> {
    await this.host.succeed(`rm -rf ${program} ${folder} ${dropIns}; systemctl daemon-reload`);
  }

  /** Lets the next apply live until its call of this number, from 1; 0 for the whole of it. */
  cutAt(call: number): void {
    this.at = call;
    fs.rmSync(this.inside("calls"), { force: true });
    fs.writeFileSync(this.inside("at"), `${call}\n`);
  }

  /** What became of the apply since `cutAt`. */
  watched(): Watched {
    const text = fs.existsSync(this.inside("calls")) ? fs.readFileSync(this.inside("calls"), "utf8") : "";
    const calls = text.split("\n").filter(Boolean);
    return { calls, wasCut: this.at > 0 && calls.length === this.at };
  }

  private inside(name: string): string {
    return path.join(this.host.rootDirectory, folder, name);
  }
}

/** The compiled cutter, built once for each state of its sources. */
export async function cutterProgram(): Promise<string> {
  const sources = path.join(repositoryRoot(), "test", "support", "fault", "cutter");
  const files = fs.readdirSync(sources).sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0`).update(fs.readFileSync(path.join(sources, file)));
  const cache = path.join(process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"), "pulumi-hostmem");
  const built = path.join(cache, `cutter-${hash.digest("hex").slice(0, 12)}`);
  if (fs.existsSync(built)) return built;
  if (process.arch !== "x64") throw new LabError("the cutter knows the system calls of x86-64 only");
  fs.mkdirSync(cache, { recursive: true });
  const draft = `${built}.${process.pid}`;
  // Static, since a host's libraries are not this machine's; of the standard library alone, so that nothing is fetched.
  const environment = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "", GO111MODULE: "off" };
  await run("go", ["build", "-trimpath", "-o", draft, ...files.map((file) => path.join(sources, file))], {
    seconds: 300,
    environment: environment as Record<string, string>,
  });
  fs.renameSync(draft, built);
  return built;
}
