import { parseArgs } from "node:util";
import { allTargets } from "./all";
import { type Choice, tryTargets } from "./campaign";

const usage = `npm run fuzz -- [--minutes M] [--seed S] [--only NAME]
  --minutes M   how long to go on with the next seeds; 5 without a seed, and with one only that seed is tried
  --seed S      the first seed; a failure names the one that repeats it
  --only NAME   the targets whose names begin so, of: ${allTargets.map(({ name }) => name).join(", ")}`;

class UsageError extends Error {}

function choose(args: string[]): Choice {
  const options = { minutes: { type: "string" }, seed: { type: "string" }, only: { type: "string" } } as const;
  let values: { minutes?: string; seed?: string; only?: string };
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const minutes = Number(values.minutes ?? (values.seed === undefined ? 5 : 0));
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const targets = allTargets.filter(({ name }) => name.startsWith(values.only ?? ""));
  if (!(minutes >= 0) || !Number.isSafeInteger(seed)) throw new UsageError("--minutes and --seed take a number");
  if (targets.length === 0) throw new UsageError(`no target begins with ${values.only}`);
  return { targets, seed, minutes };
}

async function main(): Promise<void> {
  try {
    process.exitCode = (await tryTargets(choose(process.argv.slice(2)))) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n${usage}` : error);
    process.exitCode = 2;
  }
}

void main();
