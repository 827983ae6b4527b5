import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { openStateFolder } from "./lab/places";

/** Installs on this machine what a test runs and the machine lacks, from its own package sources. Needs root. */
export function installOnMachine(packages: Record<string, string>): void {
  const missing = Object.entries(packages).filter(([tool]) => !isThere(tool));
  if (missing.length === 0) return;
  installPackages([...new Set(missing.map(([, name]) => name))]);
}

/** Installs packages. One process at a time: apt does not wait for another that reads the lists. */
export function installPackages(names: string[]): void {
  const apt = ["--wait", "900", join(openStateFolder(), "apt.lock"), "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"];
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...names]]) {
    const done = spawnSync("flock", [...apt, ...args], { encoding: "utf8", timeout: 1_500_000, env: environment });
    if (done.status !== 0) throw new Error(`apt-get ${args.join(" ")}: ${done.error?.message ?? done.stderr}`);
  }
}

function isThere(tool: string): boolean {
  return spawnSync("sh", ["-c", 'PATH="$PATH:/usr/sbin:/sbin" command -v "$1"', "sh", tool]).status === 0;
}
