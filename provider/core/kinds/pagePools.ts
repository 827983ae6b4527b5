import type { HostFacts } from "../facts/hostFacts";
import type { HugePageFacts } from "../facts/hugePages";
import type { PagesRecord } from "../facts/journal";
import { type Beside, poolWord } from "../plan/beside";
import { call } from "../plan/calls";
import type { Step } from "../plan/step";
import { type AtBoot, needsReboot, planBoot } from "./pageBoot";
import { formatPageSize } from "./pageSize";

/** A pool as it shall be. */
export interface Pool {
  node: number;
  sizeKib: number;
  count: number;
}

/** What a plan does about pools, and what the host must remember of it. */
export interface PoolPlan extends Beside {
  /** Pools that change now, as they will be. */
  changing: Pool[];
  /** Whole files that are there for it. */
  kept: string[];
  /** Remembered while the change is made, and once it is. */
  during: Pick<PagesRecord, "pools" | "bootLoader">;
  after: Pick<PagesRecord, "pools" | "bootLoader">;
  /** Pools of ours that somebody else changed, and that are therefore left. */
  left: string[];
}

export function poolOf(
  pages: HugePageFacts,
  node: number,
  sizeKib: number,
): HugePageFacts["pools"][number] | undefined {
  return pages.pools.find((pool) => isSamePool(pool, { node, sizeKib }));
}

/** True if both are about the same size on the same node. */
export function isSamePool(one: { node: number; sizeKib: number }, other: { node: number; sizeKib: number }): boolean {
  return one.node === other.node && one.sizeKib === other.sizeKib;
}

/** Pools that this object once set and that are not declared any more go back to what they were before it. */
export function poolsToReturn(pages: HugePageFacts, wanted: readonly Pool[], record: PagesRecord | undefined) {
  const back: Pool[] = [];
  const left: string[] = [];
  for (const pool of record?.pools ?? []) {
    const now = poolOf(pages, pool.node, pool.sizeKib)?.total;
    if (now === undefined || wanted.some((each) => isSamePool(each, pool))) continue;
    // Between what was and what we made of it, also after a boot that could not give all of it, it is our doing.
    const known = [pool.before, ...pool.ours];
    if (now >= Math.min(...known) && now <= Math.max(...known)) back.push({ ...pool, count: pool.before });
    else left.push(`left the pool of ${inWords(pool)} at ${now}: somebody else changed it`);
  }
  return { back, left };
}

/**
 * The steps that make pools so at run time, and at boot. Pools that shrink come first: they make room. Those that are left
 * to the kernel's command line are not touched before the reboot that it takes.
 */
export function planPools(
  facts: HostFacts,
  wanted: readonly Pool[],
  atBoot: AtBoot,
  record: PagesRecord | undefined,
): PoolPlan {
  const pages = facts.hugePages;
  const { back, left } = poolsToReturn(pages, wanted, record);
  const now = (pool: Pool) => poolOf(pages, pool.node, pool.sizeKib)?.total ?? 0;
  const changes = [...(needsReboot(wanted, atBoot, facts) ? [] : wanted), ...back]
    .filter((pool) => now(pool) !== pool.count)
    .sort(
      (one, other) =>
        Number(now(one) < one.count) - Number(now(other) < other.count) ||
        other.sizeKib - one.sizeKib ||
        one.node - other.node,
    );
  const after = wanted.map(({ node, sizeKib, count }) => {
    const known = record?.pools.find((pool) => isSamePool(pool, { node, sizeKib }));
    const before = known?.before ?? now({ node, sizeKib, count });
    return { node, sizeKib, before, ours: [...new Set([count, ...(known?.ours ?? [])])] };
  });
  const going = (record?.pools ?? []).filter((pool) => !after.some((each) => isSamePool(each, pool)));
  const boot = planBoot(facts, wanted, atBoot, record);
  return {
    steps: [...runTimeSteps(changes, now), ...boot.steps],
    restarts: changes.length > 0,
    reasons: [...changes.map((pool) => changeInWords(pool, now(pool))), ...boot.reasons],
    pools: changes.map((pool) => ({ node: pool.node, sizeKib: pool.sizeKib, count: now(pool) })),
    changing: changes,
    files: boot.files,
    kept: boot.kept,
    during: pagesRecord([...after, ...going], boot.bootLoader.during),
    after: pagesRecord(after, boot.bootLoader.after),
    left,
  };
}

function pagesRecord(pools: PagesRecord["pools"], bootLoader: PagesRecord["bootLoader"]): PoolPlan["during"] {
  return { pools, ...(bootLoader === undefined ? {} : { bootLoader }) };
}

function runTimeSteps(changes: readonly Pool[], now: (pool: Pool) => number): Step[] {
  if (changes.length === 0) return [];
  const line = `set ${changes.map((pool) => changeInWords(pool, now(pool))).join("; ")}`;
  const asSeen = changes.map((pool) => `${poolWord(pool)}:${now(pool)}`);
  const proof = { call: "pools_are", args: asSeen, of: "what is in the pools of huge pages" };
  return [{ ...call("set_pools", changes.map(poolWord), line), proof }];
}

function changeInWords(pool: Pool, now: number): string {
  return `pool of ${inWords(pool)} to ${pool.count} (was ${now})`;
}

export function inWords({ node, sizeKib }: { node: number; sizeKib: number }): string {
  return `${formatPageSize(sizeKib)} pages on node ${node}`;
}
