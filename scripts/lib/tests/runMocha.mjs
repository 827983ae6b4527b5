import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runAttached } from "../command.mjs";
import { root, toolFolder } from "../paths.mjs";

const reporter = fileURLToPath(new URL("./reporter.cjs", import.meta.url));
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
/** How long a process may live after its last test, unless told otherwise. */
const LINGER_SECONDS = 30;
/** How long output is waited for after the end of the process. */
const LINGER_OUTPUT_SECONDS = 2;

/**
 * Runs test files in one mocha process and gives the counts, with a line for each failed test as `failures`, and everything
 * that is wrong beyond those as `problems`: a crash, a skipped test, a process that does not end. With a `prefix`, each line
 * of output begins with it. `inside` is a command that runs the rest of its words in another surrounding.
 * @returns {Promise<{passed: number, failed: number, failures: string[], problems: string[], interrupted: boolean}>}
 */
export async function runMocha(
  files,
  {
    environment,
    testLimitSeconds,
    limitSeconds,
    lingerSeconds = LINGER_SECONDS,
    extra = [],
    inside = [],
    stdio = "inherit",
    prefix = "",
    show = (line, stream) => stream.write(`${line}\n`),
  },
) {
  const folder = mkdtempSync(join(tmpdir(), "hostmem-counts-"));
  const countsFile = join(folder, "counts.json");
  const args = [
    mocha,
    "--timeout",
    `${testLimitSeconds}s`,
    "--reporter",
    reporter,
    "--reporter-option",
    `counts=${countsFile}`,
    ...(prefix && process.stdout.isTTY ? ["--color"] : []),
  ];
  const [program, ...words] = [...inside, join(toolFolder, "node"), ...args, ...extra, ...files];
  let stopWatch;
  let stopped;
  try {
    const code = await runAttached(program, words, {
      cwd: root,
      env: environment,
      stdio: prefix ? ["inherit", "pipe", "pipe"] : stdio,
      onStart: (child) => {
        if (prefix) showWithPrefix(child, prefix, show);
        stopWatch = watch(child, countsFile, { limitSeconds, lingerSeconds }, (reason) => {
          stopped = reason;
        });
      },
    });
    return judge(countsOf(countsFile), code, stopped);
  } finally {
    stopWatch?.();
    rmSync(folder, { recursive: true, force: true });
  }
}

function showWithPrefix(child, prefix, show) {
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    createInterface({ input: from }).on("line", (line) => show(`${prefix}${line}`, to));
  }
  // What a test has left running may hold the pipes open for ever.
  child.once("exit", () => {
    const giveUp = () => [child.stdout, child.stderr].map((stream) => stream.destroy());
    setTimeout(giveUp, LINGER_OUTPUT_SECONDS * 1000).unref();
  });
}

/** Ends a process that is over its limit, or that lingers after its last test because something was not closed. */
function watch(child, countsFile, { limitSeconds, lingerSeconds }, onStop) {
  const started = Date.now();
  let ended;
  const timer = setInterval(() => {
    if (countsOf(countsFile)?.ended) ended ??= Date.now();
    if (ended !== undefined && Date.now() - ended > lingerSeconds * 1000) {
      onStop(`still running ${lingerSeconds} s after the last test: something was not closed`);
      child.kill("SIGKILL");
    } else if (Date.now() - started > limitSeconds * 1000) {
      onStop(`not done after ${limitSeconds} s`);
      child.kill(Date.now() - started > (limitSeconds + 60) * 1000 ? "SIGKILL" : "SIGTERM");
    }
  }, 500);
  return () => clearInterval(timer);
}

function judge(counts, code, stopped) {
  const problems = [];
  if (stopped) problems.push(stopped);
  else if (counts?.interrupted) problems.push("interrupted");
  else if (!counts?.ended) problems.push(`the tests crashed (exit code ${code})`);
  else if (code !== 0 && counts.failed === 0) problems.push(`mocha ended with exit code ${code}`);
  if (counts?.pending > 0) problems.push(`${counts.pending} skipped: a test that does not run proves nothing`);
  const { passed = 0, failed = 0, failures = [], interrupted = false } = counts ?? {};
  return { passed, failed, failures, problems, interrupted };
}

function countsOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined; // not written yet, or being written
  }
}
