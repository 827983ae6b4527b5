import type { HostFacts } from "../facts/hostFacts";
import type { HugePageFacts } from "../facts/hugePages";
import { parseInteger } from "../files/osloConfig";
import { leastSpareKib } from "../host/pageLibrary";
import type { Problem } from "../inputs/problem";
import type { NovaConfig } from "../novaConfig";
import { formatMib } from "../size";
import { needsReboot } from "./pageBoot";
import { inWords, isSamePool, type Pool, poolOf } from "./pagePools";
import { formatPageSize, hostSizes, parsePageSize, whyNot } from "./pageSize";
import type { PageSizePolicyArgs } from "./pageSizePolicy";
import type { DesiredPages } from "./pageState";

/** Nova's default of `[DEFAULT] reserved_host_memory_mb` (nova/conf/compute.py): what it takes a host to need itself. */
const hostMemoryMb = 512;

/** Pools that the kernel does not have, cannot have, or would have to take from somebody. */
export function poolProblems(
  args: PageSizePolicyArgs,
  want: DesiredPages,
  facts: HostFacts,
  config: NovaConfig,
): Problem[] {
  const problems = declaredProblems(args, want, facts.hugePages);
  if (problems.length > 0) return problems;
  const path = args.pools.length > 0 ? "pools" : "enforceBy";
  const isLater = needsReboot(want.pools, args.atBoot, facts);
  const other =
    args.atBoot === "unit" ? 'leave it to a reboot with atBoot: "kernel-command-line"' : "declare fewer pages";
  const wrong = [
    ...tooMuch(want.pools, isLater ? undefined : `free some, or ${other}`, facts, config),
    ...heldPages(want.pools, facts),
  ];
  return wrong.map((message) => ({ path, message }));
}

function declaredProblems(args: PageSizePolicyArgs, want: DesiredPages, pages: HugePageFacts): Problem[] {
  const has = hostSizes(pages);
  const nodes = pages.nodes.map(({ id }) => id);
  return args.pools.flatMap((pool, index) => {
    const at = `pools[${index}]`;
    const size = parsePageSize(pool.size);
    const twice = want.pools.find(
      (each) => each.sizeKib === size && want.pools.filter((other) => isSamePool(each, other)).length > 1,
    );
    if (size === pages.basePageKib) {
      return {
        path: `${at}.size`,
        message: `is the host's ordinary page size, ${formatPageSize(size)}; only huge pages have pools. Leave this one out`,
      };
    }
    if (!has.includes(size)) {
      const huge = has.filter((each) => each !== pages.basePageKib).map(formatPageSize);
      const known =
        huge.length > 0 ? `declare one that it has: ${huge.join(", ")}` : "it has no huge pages: leave this pool out";
      return {
        path: `${at}.size`,
        message: `is ${formatPageSize(size)}, which the host does not have${whyNot(size, pages)}; ${known}`,
      };
    }
    if (pool.node !== undefined && !nodes.includes(pool.node)) {
      return {
        path: `${at}.node`,
        message: `is ${pool.node}, which is no node of the host with memory; declare one that is: ${nodes.join(", ")}`,
      };
    }
    if (twice) return { path: at, message: `is declared twice: ${inWords(twice)}; take one of the two out` };
    if (args.enforceBy === "empty-pools" && pool.count > 0 && !want.sizes.includes(size)) {
      return {
        path: at,
        message: `has a size that is not allowed, and enforceBy "empty-pools" leaves such pools empty; use "reservation" to keep pages for others than guests`,
      };
    }
    return [];
  });
}

/**
 * Pools beyond the memory of a node, of what is free of it now, or of what the host needs itself.
 *
 * @param advice where too little is free now; undefined if that does not matter yet.
 */
function tooMuch(
  wanted: readonly Pool[],
  advice: string | undefined,
  { hugePages: pages, memory }: HostFacts,
  config: NovaConfig,
): string[] {
  const planned = (node: number) =>
    pages.pools
      .filter((pool) => pool.node === node)
      .reduce(
        (sum, pool) => sum + (wanted.find((each) => isSamePool(each, pool))?.count ?? pool.total) * pool.sizeKib,
        0,
      );
  const present = (node: number) =>
    pages.pools.filter((pool) => pool.node === node).reduce((sum, pool) => sum + pool.total * pool.sizeKib, 0);
  const problems = pages.nodes.flatMap((node) => {
    const growth = planned(node.id) - present(node.id);
    if (growth <= 0) return [];
    if (planned(node.id) > node.totalKib) {
      return `take ${inMib(planned(node.id))} of node ${node.id}, which has ${inMib(node.totalKib)}; declare fewer pages`;
    }
    if (advice !== undefined && growth > node.availableKib) {
      return `take ${inMib(growth)} more of node ${node.id}, which has ${inMib(node.availableKib)} to give at the moment; ${advice}`;
    }
    return [];
  });
  if (problems.length > 0) return problems;
  const parsed = parseInteger(config.get("DEFAULT", "reserved_host_memory_mb")?.value ?? "");
  const kept = parsed.ok && parsed.value !== null ? parsed.value : hostMemoryMb;
  const sum = (of: (node: number) => number) => pages.nodes.reduce((total, node) => total + of(node.id), 0);
  const left = memory.totalKib - sum(planned);
  const growth = sum(planned) - sum(present);
  const spare = Math.max(0, memory.availableKib - leastSpareKib(memory.totalKib));
  if (advice !== undefined && growth > spare) {
    return [
      `take ${inMib(growth)} more of the host, which has ${inMib(spare)} to give at the moment beside what it must keep free; ${advice}`,
    ];
  }
  if (growth > 0 && left < leastSpareKib(memory.totalKib)) {
    return [`leave ${inMib(left)} of the host's memory, with which it cannot work; declare fewer pages`];
  }
  if (growth > 0 && left < kept * 1024) {
    return [
      `leave ${inMib(left)} of the host's memory, and [DEFAULT] reserved_host_memory_mb says that it needs ${formatMib(kept)}; declare fewer pages`,
    ];
  }
  return [];
}

/** Pools with more pages in use than are to stay, with those who use them. */
export function heldPages(wanted: readonly Pool[], { hugePages: pages }: HostFacts): string[] {
  const problems = wanted.flatMap((pool) => {
    const now = poolOf(pages, pool.node, pool.sizeKib);
    const held = now ? now.total - now.free : 0;
    if (!now || pool.count >= now.total || held <= pool.count) return [];
    return [`${held} of the ${inWords(pool)} are in use, and ${pool.count} would be left${whoHolds(pages)}`];
  });
  if (problems.length > 0) return problems;
  return pages.promised.flatMap(({ sizeKib, pages: promised }) => {
    const ofSize = pages.pools.filter((pool) => pool.sizeKib === sizeKib);
    const left = ofSize.reduce(
      (sum, pool) => sum + (wanted.find((each) => isSamePool(each, pool))?.count ?? pool.total),
      0,
    );
    const now = ofSize.reduce((sum, pool) => sum + pool.total, 0);
    const held = ofSize.reduce((sum, pool) => sum + pool.total - pool.free, 0) + promised;
    if (promised === 0 || left >= now || left >= held) return [];
    return [
      `${held} pages of ${formatPageSize(sizeKib)} are in use or promised, and ${left} would be left${whoHolds(pages)}`,
    ];
  });
}

function whoHolds({ holders, mounts }: HugePageFacts): string {
  const processes = holders.map(({ name, pid, kib }) => `${name} (pid ${pid}, ${inMib(kib)})`);
  const files = mounts.flatMap((mount) => mount.files);
  const all = [...processes, ...(processes.length === 0 ? files : [])];
  const shown = all.slice(0, 4).join(", ") + (all.length > 4 ? ", …" : "");
  return `; they are never taken away. Stop their users first, or leave as many${shown === "" ? "" : `. In use by ${shown}`}`;
}

function inMib(kib: number): string {
  return formatMib(Math.floor(kib / 1024));
}
