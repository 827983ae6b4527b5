import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startProgress } from "./progress.mjs";

/**
 * Runs `work` while no other process of this machine does so under the same lock file. A lock whose holder has died is taken over.
 * It saves double work; what must be right even if two get through is done by renaming into place.
 */
export async function withLock(file, what, limitSeconds, work) {
  mkdirSync(dirname(file), { recursive: true });
  await take(file, what, limitSeconds);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function take(file, what, limitSeconds) {
  const deadline = Date.now() + limitSeconds * 1000;
  let progress;
  try {
    while (!tryTake(file)) {
      const holder = holderOf(file);
      if (holder !== undefined && !isAlive(holder)) {
        rmSync(file, { force: true });
        continue;
      }
      if (Date.now() > deadline) {
        throw new Error(
          `${what}: process ${holder} has been at it for ${limitSeconds} s (if it is not, remove ${file})`,
        );
      }
      progress ??= startProgress(`waiting for process ${holder}: ${what}`);
      await pause(200);
    }
  } finally {
    progress?.done();
  }
}

function tryTake(file) {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** The process id in the lock file; undefined while it is being written or already gone. */
function holderOf(file) {
  try {
    const text = readFileSync(file, "utf8");
    return /^\d+\n$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
