import { type ChildProcess, spawn } from "node:child_process";

/** What a finished command printed. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A command of the lab that did not do what it was asked to. The message holds the command, the exit code and the end of the output. */
export class LabError extends Error {
  override readonly name = "LabError";
}

/** Bounds and input for one command. */
export interface CommandOptions {
  /** Seconds after which the command is killed and the call fails. Default 60; in a vm 300. */
  seconds?: number;
  /** Text or bytes for its standard input, which is otherwise empty. */
  input?: string | Buffer;
  /** Replaces the environment. */
  environment?: Record<string, string>;
  /** Called with each piece of output, for progress. */
  onOutput?: (text: string) => void;
}

const keptOutputBytes = 64 * 1024 * 1024;

/** The last lines of a text, enough to see what went wrong and short enough to read. */
export function tail(text: string, lines = 25): string {
  const all = text.trimEnd().split("\n");
  const kept = all.slice(-lines).join("\n");
  return all.length > lines ? `… (${all.length - lines} lines before)\n${kept}` : kept;
}

/** The message for a command that went wrong: what ran, how it ended, what it last said. */
export function describeFailure(what: string, result: CommandResult): string {
  const said = [tail(result.stdout), tail(result.stderr)].filter((text) => text !== "").join("\n");
  return `${what}\nexit code ${result.exitCode}\n${said === "" ? "(no output)" : said}`;
}

/** Runs a program of this machine; any exit code is a result, running out of time is a LabError. */
export function execute(file: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  const seconds = options.seconds ?? 60;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], env: options.environment ?? process.env });
    const stdout = collect(child, "stdout", options.onOutput);
    const stderr = collect(child, "stderr", options.onOutput);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
      // A grandchild may keep the pipes open for ever; without this, "close" would wait for it.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, seconds * 1000);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new LabError(`${file} could not be started: ${error.message}`, { cause: error }));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const result = { exitCode: code ?? 128, stdout: stdout(), stderr: stderr() };
      if (late) {
        reject(new LabError(describeFailure(`not done after ${seconds} s: ${[file, ...args].join(" ")}`, result)));
      } else {
        resolve(signal ? { ...result, stderr: `${result.stderr}\nended by ${signal}` } : result);
      }
    });
    child.stdin?.on("error", () => {}); // The command may end before it has read everything: its exit code says enough.
    child.stdin?.end(options.input ?? "");
  });
}

/** Runs a program of this machine and returns what it printed; any exit code but 0 is a LabError. */
export async function run(file: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const result = await execute(file, args, options);
  if (result.exitCode !== 0) {
    throw new LabError(describeFailure([file, ...args].join(" "), result));
  }
  return result.stdout;
}

function collect(child: ChildProcess, which: "stdout" | "stderr", onOutput?: (text: string) => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  child[which]?.on("data", (chunk: Buffer) => {
    onOutput?.(chunk.toString("utf8"));
    size += chunk.length;
    if (size <= keptOutputBytes) {
      chunks.push(chunk);
    }
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

/** Waits. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Tries until it works; after the time is up, the last error is the reason given. */
export async function retryFor<T>(seconds: number, what: string, attempt: () => Promise<T>, pause = 100): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= end) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new LabError(`${what}: not after ${seconds} s\n${reason}`, { cause: error });
      }
    }
    await sleep(pause);
  }
}
