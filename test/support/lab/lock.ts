import { spawn } from "node:child_process";
import * as path from "node:path";
import { openStateFolder } from "./places";
import { LabError } from "./process";

/**
 * Takes a lock on a file, and returns what gives it back; undefined if another process (or this one) has it still after
 * the time. The kernel holds it for a flock(1) child that ends with our end of its pipe, so a killed process cannot
 * leave it behind.
 */
export function holdLock(file: string, seconds: number): Promise<(() => void) | undefined> {
  const holder = spawn("flock", ["--wait", String(seconds), file, "sh", "-c", "echo held; cat > /dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true, // An interrupt from the terminal must not free the lock while we still clean up.
  });
  return new Promise((resolve, reject) => {
    holder.stdout.once("data", () => resolve(() => holder.stdin.end()));
    holder.once("error", (error) => reject(new LabError(`flock(1) is missing: ${error.message}`)));
    holder.once("exit", () => resolve(undefined));
  });
}

/** Does something while no other process of this machine does something under the same name. */
export async function withLock<T>(name: string, seconds: number, action: () => Promise<T>): Promise<T> {
  const file = path.join(openStateFolder(), `${name}.lock`);
  const release = await holdLock(file, seconds);
  if (!release) {
    throw new LabError(`${file} is still held by another process after ${seconds} s`);
  }
  try {
    return await action();
  } finally {
    release();
  }
}
