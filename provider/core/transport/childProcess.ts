import { type ChildProcess, spawn } from "node:child_process";
import { Tail } from "./tail";

const KILL_AFTER_MS = 1000;
/** How long to wait for the last words of a process that is gone while another one holds its standard error open. */
const LAST_WORDS_MS = 200;
const TAIL_BYTES = 8 * 1024;

/** Ends a child for certain; with `group`, everything it started that did not leave its process group. */
export function terminate(child: ChildProcess, group = false): void {
  if (child.pid === undefined || (child.exitCode !== null && !group) || child.signalCode !== null) return;
  signal(child, "SIGTERM", group);
  const timer = setTimeout(() => signal(child, "SIGKILL", group), KILL_AFTER_MS);
  child.once("exit", () => clearTimeout(timer));
  if (child.exitCode !== null) timer.unref();
}

function signal(child: ChildProcess, name: NodeJS.Signals, group: boolean): void {
  try {
    if (group && child.pid !== undefined) process.kill(-child.pid, name);
    else child.kill(name);
  } catch {
    // Already gone, or root's by now: nothing that could be done about it from here.
  }
}

export interface Ended {
  /** null when a signal or our bound ended it. */
  exitCode: number | null;
  stderr: string;
  timedOut: boolean;
  /** The program could not be started at all. */
  startError: Error | undefined;
}

export interface ToolOptions {
  environment: NodeJS.ProcessEnv;
  timeoutMs: number;
  /** Sent to standard input, which is closed otherwise. */
  input?: string;
  onStart?: (child: ChildProcess) => void;
  /** Sees standard error as it comes; returning true ends the child. */
  endIf?: (stderr: string) => boolean;
}

/**
 * Runs a tool of this machine and waits until it is gone, not until its pipes are closed: a connection that went to the
 * background keeps them open. Each tool is a session of its own, so that it finds no terminal to ask questions on and
 * Ctrl-C in the terminal does not cut it in the middle.
 */
export function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const stdin = options.input === undefined ? "ignore" : "pipe";
    const child = spawn(program, args, { env: options.environment, stdio: [stdin, "ignore", "pipe"], detached: true });
    const tail = new Tail(TAIL_BYTES);
    let timedOut = false;
    let lastWords: NodeJS.Timeout | undefined;
    const bound = setTimeout(() => {
      timedOut = true;
      terminate(child);
    }, options.timeoutMs);
    const finish = (exitCode: number | null, startError?: Error) => {
      clearTimeout(bound);
      clearTimeout(lastWords);
      child.stderr?.destroy();
      resolve({ exitCode, stderr: tail.text(), timedOut, startError });
    };
    child.on("error", (error) => finish(null, error));
    child.stderr?.on("data", (chunk: Buffer) => {
      tail.add(chunk);
      if (options.endIf?.(tail.text())) terminate(child);
    });
    child.on("exit", (code) => {
      lastWords = setTimeout(() => finish(code), LAST_WORDS_MS);
    });
    child.on("close", (code) => finish(code));
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
    options.onStart?.(child);
  });
}
