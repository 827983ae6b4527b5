import { spawn } from "node:child_process";
import * as path from "node:path";

let isWatching = false;

/**
 * Sees to it that the hosts of this process go when it goes, in whatever way: a child in a session of its own waits for
 * the end of a pipe that only we hold, and then removes every host whose owner is dead. Unlike an exit hook it also runs
 * after `kill -9` and after `process.exit()`, where nothing asynchronous runs any more.
 */
export function removeHostsWhenWeEnd(): void {
  if (isWatching) {
    return;
  }
  isWatching = true;
  const cli = path.join(__dirname, "cli.js");
  const reaper = spawn("/bin/sh", ["-c", 'cat > /dev/null; exec "$0" "$@"', process.execPath, cli, "sweep"], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Neither the child nor our end of the pipe may keep this process from ending.
  reaper.unref();
  (reaper.stdin as unknown as { unref(): void }).unref();
}
