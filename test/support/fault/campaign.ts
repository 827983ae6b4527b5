import { compareRecords, recordHost } from "../lab/hostRecord";
import { isFullRun, sampled } from "../sampled";
import { beginTrial } from "../trials";
import type { CutHost } from "./lab";
import { type CutResult, type Life, LivedLife } from "./life";

/** What many cuts came to. */
export interface Tally {
  /** Mutating calls in the whole life. */
  counted: number;
  tried: CutResult[];
}

/**
 * Cuts a life at its calls: some of each phase, drawn by the seed, or all of them in a full run. Several hosts share the
 * work; each lives the life once first, since a cut point is the number of a call that was seen.
 */
export async function cutEverywhere(hosts: readonly CutHost[], life: Life, perPhase: number): Promise<Tally> {
  const lived = hosts.map((on) => new LivedLife(on, life));
  await allEnd(lived.map((each) => each.live()));
  const { calls } = lived[0]!;
  const phases = life.phases.filter((phase) => !phase.isCutElsewhere);
  const drawn = new Map(
    phases.map(({ name }) => [
      name,
      sampled(`cuts in "${name}" ${life.name}`, worthCutting(calls.get(name)!), perPhase),
    ]),
  );
  // One life has room for a cut in each of its phases.
  const rounds = Array.from({ length: Math.max(...[...drawn.values()].map((points) => points.length)) }, (_, index) => {
    const points = [...drawn].flatMap(([phase, list]) => (index < list.length ? [[phase, list[index]!] as const] : []));
    return new Map(points);
  });
  const tried: CutResult[] = [];
  await allEnd(
    lived.map(async (each, index) => {
      const { host } = hosts[index]!;
      await each.renew();
      // libvirtd ends by itself when it has been idle for two minutes.
      const record = async () => {
        await host.succeed("systemctl start libvirtd");
        return recordHost(host);
      };
      const before = await record();
      for (let round = rounds.shift(); round; round = rounds.shift()) {
        try {
          tried.push(...(await each.run(round)));
        } catch (error) {
          rounds.length = 0;
          throw error;
        }
      }
      await each.renew();
      const different = compareRecords(before, await record()).filter((line) => !line.startsWith("kernel "));
      tried.at(-1)?.problems.push(...different.map((line) => `after all of it ${line}`));
      await life.tidy?.(hosts[index]!);
    }),
  );
  for (const result of tried) writeDown(life, result);
  return { counted: [...calls.values()].flat().length, tried };
}

/** Waits for all of them, also when one fails: no host is worked on any more when a test is over. */
async function allEnd(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
  if (failed.length > 0) throw failed[0];
}

/** A line of the table at the end; a call that was not made this time was no cut. */
function writeDown(life: Life, { phase, call, cutCall, problems }: CutResult): void {
  if (cutCall === undefined) return;
  const claims = ["nothing half written", "explained by records", "converged"] as const;
  const prove = beginTrial("system calls cut", `${life.name}, ${phase}, ${call}: ${cutCall}`, claims);
  const isHalf = (problem: string) => problem.startsWith("half: ");
  const isUnexplained = (problem: string) => problem.startsWith("without a record: ");
  if (!problems.some(isHalf)) prove("nothing half written");
  if (!problems.some(isUnexplained)) prove("explained by records");
  if (problems.every((problem) => isHalf(problem) || isUnexplained(problem))) prove("converged");
}

/**
 * Numbers of calls, from 1. Of a long run of writes to one file or disk, and of calls in the folder in /run where an apply
 * keeps copies for itself, a full run has only the ends and some between, by the seed: what they leave is the same.
 */
function worthCutting(calls: readonly string[]): number[] {
  const numbers: number[] = [];
  for (let first = 0; first < calls.length; ) {
    let end = first + 1;
    const place = placeOf(calls[first]!);
    while (place !== undefined && end < calls.length && placeOf(calls[end]!) === place) end++;
    const between = Array.from({ length: Math.max(0, end - first - 2) }, (_, index) => first + 2 + index);
    const some = isFullRun ? drawFew(between) : between;
    numbers.push(first + 1, ...some, ...(end > first + 1 ? [end] : []));
    first = end;
  }
  return numbers;
}

/** What a call writes to, and nothing else; undefined for one that is like no other. */
function placeOf(call: string): string | undefined {
  return /^[^/]*(?: (\/run\/hostmem\.\w{16})\/\S+)+$/.exec(call)?.[1] ?? /^(?:p?write\w*) .*? to (.*)$/.exec(call)?.[1];
}

/** One in so many of the calls between the ends. */
const sparseness = 8;

function drawFew(numbers: readonly number[]): number[] {
  const seed = Number(process.env["HOSTMEM_SEED"] ?? 0);
  return numbers.filter((number) => (number + seed) % sparseness === 0);
}

/** The problems of all cuts as one text, empty for none. */
export function problemsOf({ tried }: Tally): string {
  return tried
    .filter(({ problems }) => problems.length > 0)
    .map(({ phase, call, cutCall, problems }) => {
      return `${phase}, cut at call ${call} (${cutCall}):\n${problems.map((line) => `    ${line}`).join("\n")}`;
    })
    .join("\n");
}
