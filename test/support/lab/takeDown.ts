import * as fs from "node:fs";
import { unmountClone } from "./clone";
import { layoutOf } from "./container";
import { removeControlGroups } from "./controlGroup";
import { detachDisks } from "./disks";
import { driverOfHost } from "./driver";
import { withLock } from "./lock";
import { removeNetwork } from "./network";
import { returnPagesOfTheDead } from "./pages";
import { hostFolder } from "./places";
import { execute } from "./process";
import { isAlive, listEntries, type RegisterEntry, readEntry } from "./register";

/**
 * Ends a host and removes everything it is made of. Works on any part of a host: one half made, one whose container
 * died, one of before the machine's last reboot. The folder with the register entry goes last, so a cut removal is
 * found and finished by the next.
 */
export async function removeHost(name: string): Promise<void> {
  const layout = layoutOf(name);
  const entry = readEntry(name);
  await driverOfHost(name).kill(name);
  await removeControlGroups(name);
  await detachDisks(name, layout.root);
  await unmountClone(layout.root);
  if (entry) {
    await removeNetwork(entry.number);
  }
  await removeFolder(hostFolder(name));
}

async function removeFolder(folder: string): Promise<void> {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // Immutable files (a protected mount point is one) resist until the flag is gone.
    await execute("chattr", ["-R", "-i", "-a", folder]);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the hosts whose owner has ended, and folders that never became a host; their pages go back to the machine. */
export async function sweep(): Promise<string[]> {
  const removed: string[] = [];
  await withLock("sweep", 120, async () => {
    const { entries, broken } = listEntries();
    const names = [...entries.filter(isOrphan).map((entry) => entry.name), ...broken.filter(isOld)];
    for (const name of names) {
      await removeHost(name);
      removed.push(name);
    }
    returnPagesOfTheDead();
  });
  return removed;
}

function isOrphan(entry: RegisterEntry): boolean {
  return entry.owner !== undefined && !isAlive(entry.owner);
}

/** A folder without an entry may be one that is just being registered. */
function isOld(name: string): boolean {
  return Date.now() - fs.statSync(hostFolder(name)).mtimeMs > 60_000;
}
