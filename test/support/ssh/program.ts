import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface SshdProgram {
  path: string;
  /** Where libraries are that came with it. */
  libraries: string | undefined;
}

/** This machine's sshd; if it has none, one unpacked (not installed) from the machine's own package sources. */
export function sshdProgram(): SshdProgram {
  const installed = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((path) => existsSync(path));
  return installed ? { path: installed, libraries: undefined } : unpacked();
}

function unpacked(): SshdProgram {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "pulumi-hostmem");
  const folder = join(cache, "sshd");
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const draft = mkdtempSync(join(cache, "sshd-draft-"));
    run(draft, "apt-get", ["-qq", "download", "openssh-server", "libwrap0"]);
    for (const name of readdirSync(draft)) run(draft, "dpkg-deb", ["-x", name, "."]);
    try {
      renameSync(draft, folder);
    } catch {
      rmSync(draft, { recursive: true }); // another run was faster
    }
  }
  const library = readdirSync(join(folder, "usr/lib")).find((name) => name.endsWith("-linux-gnu"));
  return { path: join(folder, "usr/sbin/sshd"), libraries: library && join(folder, "usr/lib", library) };
}

function run(folder: string, program: string, args: string[]): void {
  const result = spawnSync(program, args, { cwd: folder, encoding: "utf8", timeout: 120_000 });
  if (result.status !== 0) {
    throw new Error(
      `tests need sshd (package openssh-server): ${program} failed: ${result.error?.message ?? result.stderr}`,
    );
  }
}
