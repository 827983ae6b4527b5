import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 25;
const HEARTBEAT_MS = 2000;
/** A holder that was not heard of for this long is gone, or in a container whose process ids mean nothing here. */
const STALE_MS = 15_000;

/**
 * Lets one process of this user log in at a time, so that a preview and an update that start together share a login.
 *
 * Only a convenience: if it fails (two processes find the lock of a dead one at the same moment), ssh notices that the other
 * one was faster, and the superfluous login is ended.
 *
 * @param unless checked while waiting: true when there is nothing left to do.
 * @returns undefined when `unless` said so.
 */
export async function withLoginLock<T>(
  path: string,
  unless: () => Promise<boolean>,
  action: () => Promise<T>,
): Promise<T | undefined> {
  const mark = `${process.pid} ${randomBytes(8).toString("hex")}\n`;
  while (!take(path, mark)) {
    if (await unless()) return undefined;
    if (isStale(path)) remove(path);
    else await sleep(POLL_MS);
  }
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS);
  try {
    return await action();
  } finally {
    clearInterval(heartbeat);
    if (contentOf(path) === mark) rmSync(path, { force: true });
  }
}

function take(path: string, mark: string): boolean {
  try {
    writeFileSync(path, mark, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isStale(path: string): boolean {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) return true;
    const holder = Number.parseInt(contentOf(path) ?? "", 10);
    // Empty for the moment between being made and being written.
    return Number.isInteger(holder) && !isAlive(holder);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Takes a dead lock away by renaming it: of several processes that try, one succeeds. */
function remove(path: string): void {
  const aside = `${path}${randomBytes(3).toString("hex")}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch {
    // Somebody else was faster.
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Taken away by somebody who thought us dead; ssh sorts out who was first.
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
