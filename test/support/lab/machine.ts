import * as fs from "node:fs";
import * as path from "node:path";
import { execute, LabError, run } from "./process";
import { type Kind, release } from "./recipe";

const commonPackages: Record<string, string> = {
  mmdebstrap: "mmdebstrap",
  "systemd-nspawn": "systemd-container",
  ssh: "openssh-client",
  nsenter: "util-linux",
  losetup: "mount",
  ip: "iproute2",
};

const vmPackages: Record<string, string> = {
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
  "mkfs.ext4": "e2fsprogs",
};

/** Refuses to go on where containers cannot be made. */
export function requireRoot(): void {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new LabError("lab hosts are containers of a Linux machine: run this as root (sudo) on Linux");
  }
}

/** Installs what hosts of a kind need on this machine, if it is not there. */
export async function installTools(kind: Kind, progress: (line: string) => void): Promise<void> {
  const packages = kind === "vm" ? { ...commonPackages, ...vmPackages } : commonPackages;
  const found = await execute("sh", ["-c", 'for tool; do command -v "$tool"; done', "sh", ...Object.keys(packages)]);
  const present = new Set(found.stdout.split("\n").map((file) => path.basename(file)));
  const missing = Object.keys(packages)
    .filter((tool) => !present.has(tool))
    .map((tool) => packages[tool] ?? tool);
  if (missing.length === 0) {
    return;
  }
  progress(`installing ${missing.join(", ")} on this machine`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" } as Record<string, string>;
  await run("apt-get", ["update"], { seconds: 300, environment });
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...missing], { seconds: 600, environment });
}

/** The machine's own package sources for the lab's release, whatever mirror they name. */
export function packageSources(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list"];
  if (fs.existsSync(folder)) {
    files.push(...fs.readdirSync(folder).map((file) => path.join(folder, file)));
  }
  const suite = new RegExp(`^(Suites:|deb(-src)?\\s.*)\\s*${release}(-updates|-security|/updates)?(\\s|$)`, "m");
  const found = files.filter((file) => /\.(list|sources)$/.test(file) && fs.existsSync(file));
  const chosen = found.filter((file) => suite.test(fs.readFileSync(file, "utf8")));
  if (chosen.length === 0) {
    throw new LabError(`no package source for ${release} in /etc/apt: add one, or run the lab on that release`);
  }
  return chosen;
}

const inotify = "/proc/sys/fs/inotify/max_user_instances";

/** systemd needs a handful of inotify instances per host, and all hosts are root's: the kernel's 128 end at some 30 hosts. */
export function allowManyHosts(): void {
  const wanted = 4096;
  if (Number(fs.readFileSync(inotify, "utf8")) < wanted) {
    fs.writeFileSync(inotify, String(wanted));
  }
}
