import { spawn } from "node:child_process";
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
  }
}

/**
 * Runs a command that talks to the user directly, and gives its exit code (as a shell would: 128 + n after signal n).
 * Signals to us are passed on, and its end is waited for, so that its clean-up is never cut short.
 */
export async function runAttached(command, args, options) {
  const child = spawn(command, args, { stdio: "inherit", ...options });
  // Ctrl-C reaches the whole foreground group, the child included: only stay alive. A kill of this process alone does not.
  const stay = () => {};
  const passOn = (signal) => child.kill(signal);
  process.on("SIGINT", process.stdin.isTTY ? stay : passOn);
  process.on("SIGTERM", passOn);
  try {
    const { code, signal } = await exitOf(child);
    return code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 0);
  } finally {
    process.removeListener("SIGINT", stay);
    process.removeListener("SIGINT", passOn);
    process.removeListener("SIGTERM", passOn);
  }
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

function exitOf(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function describeExit({ code, signal }) {
  return signal ? `ended by ${signal}` : `exit code ${code}`;
}
