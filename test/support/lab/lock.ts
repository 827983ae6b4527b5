import { spawn } from "node:child_process";
import * as path from "node:path";
import { openStateFolder } from "./places";
import { LabError } from "./process";

/**
 * Does something while no other process of this machine does something under the same name.
 *
 * The kernel holds the lock for a flock(1) child that ends with our end of its pipe, so a killed process cannot leave
 * the lock behind.
 */
export async function withLock<T>(name: string, seconds: number, action: () => Promise<T>): Promise<T> {
  const file = path.join(openStateFolder(), `${name}.lock`);
  const holder = spawn("flock", ["--wait", String(seconds), file, "sh", "-c", "echo held; cat > /dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true, // An interrupt from the terminal must not free the lock while we still clean up.
  });
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once("data", () => resolve());
      holder.once("error", (error) => reject(new LabError(`flock(1) is missing: ${error.message}`)));
      holder.once("exit", () => reject(new LabError(`${file} is still held by another process after ${seconds} s`)));
    });
    return await action();
  } finally {
    holder.stdin.end();
  }
}
