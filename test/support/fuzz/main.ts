import { parseArgs } from "node:util";
import { allTargets } from "./all";
import { type AnyTarget, type Oracle, startReader, tryCases } from "./target";

const usage = `npm run fuzz -- [--minutes M] [--seed S] [--only NAME]
  --minutes M   how long to go on with the next seeds; 5 without a seed, and with one only that seed is tried
  --seed S      the first seed; a failure names the one that repeats it
  --only NAME   the targets whose names begin so, of: ${allTargets.map(({ name }) => name).join(", ")}`;

class UsageError extends Error {}

interface Choice {
  targets: AnyTarget[];
  seed: number;
  minutes: number;
}

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

/** Tries all targets with one seed after the other. True if no case failed. */
async function run({ targets, seed, minutes }: Choice): Promise<boolean> {
  const until = Date.now() + minutes * 60_000;
  const isOver = (round: number) => round !== seed && Date.now() >= until;
  const readers = new Map<AnyTarget, Oracle>();
  const cases = new Map(targets.map((target) => [target, 0]));
  const failed = new Set<AnyTarget>();
  const missing = new Map(targets.map((target) => [target, target.mustSee ?? []]));
  try {
    for (let round = seed; !isOver(round); round++) {
      for (const target of targets) {
        if (failed.has(target) || isOver(round)) continue;
        const reader = readers.get(target) ?? (await startReader(target));
        readers.set(target, reader);
        const outcome = await tryCases(target, reader, round, target.runs.sample);
        cases.set(target, cases.get(target)! + outcome.cases);
        missing.set(
          target,
          missing.get(target)!.filter((kind) => outcome.missing.includes(kind)),
        );
        if (outcome.failure === undefined) continue;
        failed.add(target);
        console.log(`\n${outcome.failure}\n`);
      }
    }
  } finally {
    for (const reader of readers.values()) await reader.stop();
  }
  for (const [target, count] of cases) {
    const result = failed.has(target) ? "FAILED" : "0 differences";
    const never = missing.get(target)!.length > 0 ? `, none with ${missing.get(target)!.join(", ")}` : "";
    console.log(`${target.name.padEnd(20)}${String(count).padStart(9)} cases, ${result}${never}`);
  }
  const total = [...cases.values()].reduce((sum, count) => sum + count, 0);
  console.log(`\n${total} cases from seed ${seed} on, ${failed.size} of ${targets.length} targets failed`);
  return failed.size === 0;
}

async function main(): Promise<void> {
  try {
    process.exitCode = (await run(choose(process.argv.slice(2)))) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n${usage}` : error);
    process.exitCode = 2;
  }
}

void main();
