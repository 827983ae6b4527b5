import { spawn } from "node:child_process";
import { constants } from "node:os";
import { startProgress } from "./progress.mjs";

/** A command that failed, with the end of what it printed. */
export class CommandFailed extends Error {
  constructor(what, reason, output) {
    const tail = output.trimEnd().split("\n").slice(-40).join("\n");
    super(`${what}: ${reason}${tail ? `\n${tail}` : ""}`);
    this.name = "CommandFailed";
  }
}

/**
 * Runs a command without showing its output, with one progress line if it takes longer than a second.
 * Gives what it printed, or throws with the end of it.
 * @param {string} what for the progress line and the error, e.g. "installing packages"
 */
export async function runQuietly(what, command, args, { limitSeconds, ...spawnOptions }) {
  const progress = startProgress(what);
  const child = spawn(command, args, { ...spawnOptions, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const release = outlive(child);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
    // A grandchild may hold the pipes open for ever: what it prints no longer matters.
    child.stdout.destroy();
    child.stderr.destroy();
  }, limitSeconds * 1000);
  try {
    const outcome = await exitOf(child);
    if (late) throw new CommandFailed(what, `not done after ${limitSeconds} s`, output);
    if (outcome.code !== 0) throw new CommandFailed(what, describeExit(outcome), output);
    progress.done();
    return output;
  } catch (error) {
    progress.failed();
    throw error instanceof CommandFailed ? error : new CommandFailed(what, error.message, output);
  } finally {
    clearTimeout(timer);
    release();
  }
}

/**
 * Runs a command that talks to the user directly, and gives its exit code (as a shell would: 128 + n after signal n).
 * `onStart` gets the child, for those who may have to stop it.
 */
export async function runAttached(command, args, { onStart, ...options }) {
  const child = spawn(command, args, { stdio: "inherit", ...options });
  onStart?.(child);
  const release = outlive(child);
  try {
    const { code, signal } = await exitOf(child);
    return code ?? 128 + (constants.signals[signal] ?? 0);
  } finally {
    release();
  }
}

/**
 * Lets a child end in its own way when we are told to stop, by passing the signal on and staying alive until it is gone.
 * Ctrl-C is not passed on: the terminal sends it to the child as well, and a second one would cut the child's clean-up short.
 */
function outlive(child) {
  const passOn = (signal) => child.kill(signal);
  const onInterrupt = process.stdin.isTTY ? () => {} : passOn;
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", passOn);
  return () => {
    process.removeListener("SIGINT", onInterrupt);
    process.removeListener("SIGTERM", passOn);
  };
}

function exitOf(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function describeExit({ code, signal }) {
  return signal ? `ended by ${signal}` : `exit code ${code}`;
}
