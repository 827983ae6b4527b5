import { spawn } from "node:child_process";

export interface CliOptions {
  directory: string;
  environment: NodeJS.ProcessEnv;
  timeoutSeconds: number;
  /** For its standard input, which is empty otherwise. */
  input?: string;
}

export interface CliOutcome {
  /** Exit code; 128 + n after signal n, as in a shell. */
  code: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

/**
 * Runs the `pulumi` on PATH once. A failing command is an outcome, a command that does not end is an error.
 *
 * The CLI itself and not the Automation API: a test must see exactly what a user of the CLI sees, say with which flags it
 * was run, and read what a failing command printed; the Automation API chooses flags of its own and throws.
 */
export async function runCli(args: string[], options: CliOptions): Promise<CliOutcome> {
  const started = Date.now();
  // A process group of its own: what ends is the CLI with its language host and plugins, never only the first of them.
  const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
    cwd: options.directory,
    env: options.environment,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });

  child.stdin.on("error", () => {}); // it may end before it has read everything: its exit code says enough
  child.stdin.end(options.input ?? "");

  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  // Whoever stops the tests stops this command, too: it would not hear of Ctrl-C in its own group.
  const stop = () => signalGroup("SIGINT");
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    signalGroup("SIGKILL");
  }, options.timeoutSeconds * 1000);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        const missing = error.code === "ENOENT";
        reject(
          missing
            ? new Error("no pulumi on PATH: run engine and lab tests by scripts/test.mjs, which brings it")
            : error,
        );
      });
      child.once("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 137)));
    });
    const seconds = (Date.now() - started) / 1000;
    if (late)
      throw new Error(`pulumi ${args.join(" ")}: not done after ${options.timeoutSeconds} s\n${stdout}${stderr}`);
    return { code, stdout, stderr, seconds };
  } finally {
    clearTimeout(timer);
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
  }
}
