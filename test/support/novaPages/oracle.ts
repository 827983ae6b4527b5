import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { withLock } from "../lab/lock";
import { cacheDirectory, makeEnvironment } from "../oslo/environment";

/** A host as Nova is told of it, and guests that it is asked to take. */
export interface PageQuestion {
  novaConf: string;
  nodes: { id: number; memoryMib: number; pages: { sizeKib: number; total: number; used: number }[] }[];
  guests: {
    memoryMib: number;
    vcpus: number;
    extraSpecs: Record<string, string>;
    imageProperties: Record<string, string>;
  }[];
}

/**
 * Of each NUMA node of a guest the host's node that serves it and the KiB of its pages; null for a guest that Nova does not
 * place. One without a topology is on no node.
 */
export type PageAnswer = [node: number | null, sizeKib: number][] | null;

/**
 * The newest Nova of the registry, and an older one, which runs with the same requirements. Named, so that a run today and one
 * in a year compare with the same code; a newer one is taken up here, in `otherwise` and in the README.
 */
export const novaVersions = ["34.0.0", "26.2.2"] as const;

/** What Nova of one version says to each guest of each host. */
export function askNova(
  version: (typeof novaVersions)[number],
  questions: readonly PageQuestion[],
): Promise<PageAnswer[][]> {
  return answersOf("novaPages/oracle.py", version, questions);
}

/** What a program below test/support, run with Nova of one version, answers to each question. */
export async function answersOf<Answer>(
  program: string,
  version: (typeof novaVersions)[number],
  questions: readonly unknown[],
  timeoutSeconds = 300,
): Promise<Answer[]> {
  const script = resolve(__dirname, "../../../../test/support", program);
  const { python, environment } = await novaPython(version);
  const usual = { PATH: process.env["PATH"], LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" };
  const done = spawnSync(python, [script], {
    env: { ...usual, ...environment },
    input: JSON.stringify(questions),
    encoding: "utf8",
    timeout: timeoutSeconds * 1000,
    maxBuffer: 2 ** 26,
  });
  if (done.status !== 0) throw new Error(`Nova ${version}: ${done.error?.message ?? done.stderr.slice(-2000)}`);
  return JSON.parse(done.stdout) as Answer[];
}

/** An interpreter, and the environment in which it has Nova of one version; made on first use. */
export async function novaPython(
  version: (typeof novaVersions)[number],
): Promise<{ python: string; environment: Record<string, string> }> {
  // Several test files may come here at once.
  return withLock("nova-python", 1800, async () => ({
    environment: { PYTHONPATH: await novaOf(version), PYTHONWARNINGS: "ignore" },
    python: await python(),
  }));
}

const home = join(cacheDirectory, "nova");

/** An interpreter with everything that Nova needs, which is what takes time; made on first use. */
function python(): Promise<string> {
  const directory = join(home, `requirements-${novaVersions[0]}`);
  return once(
    directory,
    async () => {
      await makeEnvironment(directory);
      pip(join(directory, "bin", "python"), `nova==${novaVersions[0]}`);
    },
    join(directory, "bin", "python"),
  );
}

/** What an older Nova needs otherwise than the newest does. */
const otherwise = { "34.0.0": [], "26.2.2": ["oslo.utils==8.2.0", "pytz", "netifaces2"] } as const;

/** Nova itself, of one version. */
function novaOf(version: (typeof novaVersions)[number]): Promise<string> {
  const directory = join(home, version);
  return once(
    directory,
    async () => pip(await python(), "--no-deps", "--target", directory, `nova==${version}`, ...otherwise[version]),
    directory,
  );
}

/** Runs what makes a folder unless it was once made whole. */
async function once(directory: string, make: () => Promise<void>, result: string): Promise<string> {
  const mark = `${directory}.complete`;
  if (existsSync(mark)) return result;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  await make();
  mkdirSync(mark);
  return result;
}

function pip(python: string, ...args: string[]): void {
  const done = spawnSync(python, ["-m", "pip", "install", "--quiet", ...args], { encoding: "utf8", timeout: 900_000 });
  if (done.status !== 0)
    throw new Error(`pip install ${args.join(" ")}: ${done.error?.message ?? done.stderr.slice(-2000)}`);
}
