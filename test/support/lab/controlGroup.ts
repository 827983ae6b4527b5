import * as fs from "node:fs";
import * as path from "node:path";
import { sleep } from "./process";

/**
 * The control groups of one host, on a machine with cgroup v2 alone and on one with the old hierarchies beside it.
 *
 * A container that is started in somebody else's group puts its processes into a `payload` group there; two of them
 * would share it and mix up the groups of their units.
 */
export function controlGroups(name: string): string[] {
  const roots = fs.existsSync("/sys/fs/cgroup/cgroup.controllers")
    ? ["/sys/fs/cgroup"]
    : ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"].filter((root) => fs.existsSync(root));
  return roots.map((root) => path.join(root, `hostmem-lab-${name}`));
}

/** Makes the host's groups, and returns the beginning of a shell script that enters them. */
export function enterControlGroups(name: string): string {
  return controlGroups(name)
    .map((group) => {
      fs.mkdirSync(group, { recursive: true });
      return `echo $$ > '${group}/cgroup.procs' && `;
    })
    .join("");
}

/** Every process in the host's groups. */
export function processesOf(name: string): number[] {
  const found = new Set<number>();
  for (const group of controlGroups(name)) {
    for (const folder of foldersBelow(group)) {
      for (const line of readLines(path.join(folder, "cgroup.procs"))) {
        found.add(Number(line));
      }
    }
  }
  found.delete(0); // A process of another pid namespace; it is listed by the group it belongs to in ours.
  return [...found];
}

/** Ends every process that is left in the host's groups, and removes the groups. */
export async function removeControlGroups(name: string): Promise<void> {
  for (let round = 0; round < 100; round++) {
    for (const pid of processesOf(name)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {}
    }
    if (controlGroups(name).every(removeEmpty)) {
      return;
    }
    await sleep(50);
  }
}

function removeEmpty(group: string): boolean {
  for (const folder of foldersBelow(group).reverse()) {
    try {
      fs.rmdirSync(folder);
    } catch {}
  }
  return !fs.existsSync(group);
}

function foldersBelow(folder: string): string[] {
  try {
    const children = fs.readdirSync(folder, { withFileTypes: true }).filter((child) => child.isDirectory());
    return [folder, ...children.flatMap((child) => foldersBelow(path.join(folder, child.name)))];
  } catch {
    return [];
  }
}

function readLines(file: string): string[] {
  try {
    return fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}
