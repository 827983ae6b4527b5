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
  const waiting = new Map(
    phases.map(({ name }) => [
      name,
      sampled(
        `cuts in "${name}" ${life.name}`,
        worthCutting(calls.get(name)!, life.cutsDrafts ? copies : drafts),
        perPhase,
      ),
    ]),
  );
  const tried: CutResult[] = [];
  await allEnd(
    lived.map(async (each, index) => {
      const { host } = hosts[index]!;
      await each.renew();
      // libvirtd ends by itself when it has been idle for two minutes, which may be at this very moment.
      const record = async () => {
        await host.succeed("systemctl restart libvirtd");
        return recordHost(host);
      };
      const before = await record();
      while ([...waiting.values()].some((points) => points.length > 0)) {
        try {
          tried.push(...(await each.run(waiting)));
        } catch (error) {
          waiting.clear();
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

/**
 * A line of the table at the end; a call that was not made this time was no cut. After a cut that left the host as it was
 * nothing need converge: that it is untouched is what it proves.
 */
function writeDown(life: Life, { phase, call, cutCall, wentOn, problems }: CutResult): void {
  if (cutCall === undefined) return;
  const last = wentOn ? "converged" : "untouched";
  const claims = ["nothing half written", "explained by records", last] as const;
  const prove = beginTrial("system calls cut", `${life.name}, ${phase}, ${call}: ${cutCall}`, claims);
  const isHalf = (problem: string) => problem.startsWith("half: ");
  const isUnexplained = (problem: string) => problem.startsWith("without a record: ");
  if (!problems.some(isHalf)) prove("nothing half written");
  if (!problems.some(isUnexplained)) prove("explained by records");
  if (problems.every((problem) => isHalf(problem) || isUnexplained(problem))) prove(last);
}

/**
 * Numbers of calls, from 1. A full run has all of them, but of a stretch of calls that leave the same only the first, some
 * between by the seed, and of writes the last: a long run of writes to one file or disk, or work on what is the apply's own.
 */
function worthCutting(calls: readonly string[], own: RegExp): number[] {
  const numbers: number[] = [];
  for (let first = 0; first < calls.length; ) {
    const stretch = stretchOf(calls[first]!, own);
    let end = first + 1;
    while (stretch !== undefined && end < calls.length && stretchOf(calls[end]!, own) === stretch) end++;
    const rest = Array.from({ length: end - first - 1 }, (_, index) => first + 2 + index);
    const last = stretch === "own" ? undefined : end;
    numbers.push(first + 1, ...rest.filter((number) => !isFullRun || number === last || isDrawn(number)));
    first = end;
  }
  return numbers;
}

/** What a call has in common with others that leave the same; undefined for one that is like no other. */
function stretchOf(call: string, own: RegExp): string | undefined {
  const paths = call.split(" ").filter((word) => word.startsWith("/"));
  if (paths.length > 0 && paths.every((path) => own.test(path))) return "own";
  return /^(?:p?write\w*) .*? to (.*)$/.exec(call)?.[1];
}

/** Where an apply keeps copies for itself. */
const copies = /^\/run\/hostmem\.\w{16}(\/|$)/;
/** All that it makes before anything has its name, and folders that are there anyhow. */
const drafts = new RegExp(
  `${copies.source}|^/run/hostmem.lock$|^/var/lib/hostmem/apply/|\\.hostmem-new$|^/(var|var/lib|etc|etc/systemd|etc/systemd/system|srv)$`,
);

/** One in so many of the calls of a stretch. */
const sparseness = 8;
const isDrawn = (number: number) => (number + Number(process.env["HOSTMEM_SEED"] ?? 0)) % sparseness === 0;

/** The problems of all cuts as one text, empty for none. */
export function problemsOf({ tried }: Tally): string {
  return tried
    .filter(({ problems }) => problems.length > 0)
    .map(({ phase, call, cutCall, problems }) => {
      return `${phase}, cut at call ${call} (${cutCall}):\n${problems.map((line) => `    ${line}`).join("\n")}`;
    })
    .join("\n");
}
