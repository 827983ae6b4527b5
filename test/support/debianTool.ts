import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Path of a program that a test needs: this machine's, else one unpacked (not installed) from its own package sources. */
export function debianTool(name: string, packageName: string): string {
  const installed = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, name));
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "pulumi-hostmem");
  const folder = join(cache, packageName);
  const inCache = () => ["usr/bin", "bin"].map((place) => join(folder, place, name));
  const found = () => [...installed, ...inCache()].find((path) => existsSync(path));
  const present = found();
  if (present) return present;
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, "draft-"));
  run(draft, "apt-get", ["-qq", "download", packageName]);
  for (const file of readdirSync(draft)) run(draft, "dpkg-deb", ["-x", file, "."]);
  try {
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true }); // another run was faster
  }
  return found()!;
}

function run(folder: string, program: string, args: string[]): void {
  const done = spawnSync(program, args, { cwd: folder, encoding: "utf8", timeout: 120_000 });
  if (done.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${done.error?.message ?? done.stderr}`);
}
