import * as fc from "fast-check";
import { kinds } from "../../../provider/core/kinds";
import { reservedIn } from "../../../provider/core/kinds/pageReservations";
import type { NodePages } from "../../../provider/core/kinds/pageVerdict";
import { readNovaConfig } from "../../../provider/core/novaConfig";
import { DescribedHost } from "../plans/describedHost";
import { perform, readArgs } from "../plans/planCase";
import { type AskedGuest, guests } from "./guests";
import type { PageQuestion } from "./oracle";

/** A host with a policy on it, and guests that want to come. */
export interface AskedHost {
  sizes: number[];
  nodes: { gib: number; pools: { part: number; used: number }[]; usedBase: number }[];
  allowed: "any" | "small" | "large" | number[];
  enforceBy: "reservation" | "empty-pools";
  /** Lines of reserved_huge_pages that somebody else wrote. */
  theirs: string[];
  guests: AskedGuest[];
}

/** What our policy makes of such a host. */
export interface GovernedHost {
  host: AskedHost;
  question: PageQuestion;
  /** Pages of each node as our own rules see them, by its number. */
  nodes: Map<number, NodePages>;
  /** KiB of the sizes that guests may have. */
  allowed: number[];
  enforcement: string;
  gaps: { guests: string; reason: string }[];
}

const x86 = [4, 2048, 1048576];

const theirLine = (sizes: number[]) =>
  fc
    .record({
      node: fc.integer({ min: 0, max: 3 }),
      size: fc.constantFrom(...sizes.map(String), "2MB", "16384"),
      count: fc.integer({ min: 0, max: 600 }),
    })
    .map(({ node, size, count }) => `node:${node},size:${size},count:${count}`);

/** A node in GiB, with a pool of each huge size in parts of it; the ordinary pages are the rest. */
const node = (sizes: number[]) =>
  fc.record({
    gib: fc.integer({ min: 2, max: 8 }),
    pools: fc.array(fc.record({ part: fc.constantFrom(0, 0.1, 0.3, 0.45), used: fc.constantFrom(0, 0, 0.5, 1) }), {
      minLength: sizes.length - 1,
      maxLength: sizes.length - 1,
    }),
    usedBase: fc.constantFrom(0, 0, 0.5, 0.9),
  });

/** Hosts of some sizes, with whatever is said of their policies. */
const withSizes = (
  sizes: number[],
  policy: { [K in "allowed" | "enforceBy" | "theirs"]: fc.Arbitrary<AskedHost[K]> },
): fc.Arbitrary<AskedHost> =>
  fc.record({
    sizes: fc.constant(sizes),
    nodes: fc.array(node(sizes), { minLength: 1, maxLength: 3 }),
    ...policy,
    guests: fc.array(guests(sizes), { minLength: 16, maxLength: 16 }),
  });

/** The hosts of the table of what Nova does, one policy for each of its columns. */
const tableHosts = withSizes(x86, {
  allowed: fc.constantFrom<AskedHost["allowed"][]>("any", "small", "large", [2048]),
  enforceBy: fc.constant("reservation"),
  theirs: fc.constant([]),
});

const otherHosts = fc.constantFrom(x86, [4, 2048], [64, 2048, 524288], [4, 1048576], [4]).chain((sizes) =>
  withSizes(sizes, {
    allowed: fc.oneof(
      fc.constantFrom<AskedHost["allowed"][]>("any", "small", "large"),
      fc.subarray(sizes, { minLength: 1 }),
    ),
    enforceBy: fc.constantFrom("reservation", "empty-pools"),
    theirs: fc.array(theirLine(sizes), { maxLength: 2 }),
  }),
);

export const hosts: fc.Arbitrary<AskedHost> = fc.oneof(tableHosts, otherHosts);

/** Puts the policy on the host, as an apply does; undefined where it is refused. */
export function govern(host: AskedHost, novaVersion: string): GovernedHost | undefined {
  const [basePageKib = 4, ...huge] = host.sizes;
  const isEmptied = host.enforceBy === "empty-pools";
  const gib = 1024 ** 2;
  const pools = host.nodes.flatMap((node, id) =>
    huge.map((sizeKib, index) => {
      const { part, used } = node.pools[index]!;
      const total = Math.floor((node.gib * gib * part) / sizeKib);
      return [`${id}:${sizeKib}`, { total, used: isEmptied ? 0 : Math.floor(total * used) }] as const;
    }),
  );
  const described = new DescribedHost({
    files: { "/etc/nova/nova.conf": ["[DEFAULT]", ...host.theirs.map((line) => `reserved_huge_pages = ${line}`), ""] },
    pages: {
      basePageKib,
      sizes: huge,
      nodesGib: Object.fromEntries(host.nodes.map((node, id) => [id, node.gib])),
      pools: Object.fromEntries(pools),
    },
    ramGib: host.nodes.reduce((sum, node) => sum + node.gib, 0) + 8,
    versions: { nova: novaVersion },
  });
  const kind = kinds.get("PageSizePolicy")!;
  const args = readArgs(kind, { allowed: host.allowed, enforceBy: host.enforceBy });
  const made = kind.evaluate(args, described.facts(), { recorded: undefined, planned: [] });
  if (made.problems.length > 0) return undefined;
  perform(described, made.plan.steps);

  const facts = described.facts();
  const { hugePages } = facts;
  const config = readNovaConfig(facts);
  const novaConf = described.text("/etc/nova/nova.conf")!;
  const nodes = hugePages.nodes.map(({ id, totalKib }) => {
    const own = hugePages.pools.filter((pool) => pool.node === id);
    const left = totalKib - own.reduce((sum, pool) => sum + pool.total * pool.sizeKib, 0);
    const base = Math.floor(left / basePageKib);
    const pages = [
      // libvirt takes pools off the ordinary pages of a node (virNumaGetPageInfo).
      { sizeKib: basePageKib, total: base, used: Math.floor(base * host.nodes[id]!.usedBase) },
      ...own.map(({ sizeKib, total, free }) => ({ sizeKib, total, used: total - free })),
    ];
    return { id, memoryMib: totalKib / 1024, pages };
  });
  return {
    host,
    question: { novaConf, nodes, guests: host.guests.map(({ asked }) => asked) },
    nodes: new Map(
      nodes.map(({ id, pages }) => [
        id,
        { pages: pages.map((page) => ({ ...page, reserved: reservedIn(config, id, page.sizeKib) })) },
      ]),
    ),
    allowed: host.sizes.filter((size) => isAllowed(size, host.allowed, basePageKib)),
    enforcement: made.computed["enforcement"] as string,
    gaps: made.computed["gaps"] as unknown as GovernedHost["gaps"],
  };
}

function isAllowed(size: number, allowed: AskedHost["allowed"], base: number): boolean {
  if (typeof allowed !== "string") return allowed.includes(size);
  return allowed === "any" || (allowed === "small") === (size === base);
}

const columns = new Map([
  ["", "nothing reserved"],
  ["2048 1048576", "all 2M and 1G reserved"],
  ["4", "all 4K reserved"],
  ["4 1048576", "4K and 1G reserved"],
]);
export const tableColumns = [...columns.values()];
export const tableRows = [
  "small",
  "large",
  "any",
  "2048",
  "1048576",
  "pinned",
  "hw:numa_nodes or hw:pmem",
  "no topology",
];

/** The column of the table that a host is one of, if any. */
export function columnOf({ host, allowed }: GovernedHost): string | undefined {
  if (host.sizes !== x86 || host.enforceBy !== "reservation" || host.theirs.length > 0) return undefined;
  return columns.get(host.sizes.filter((size) => !allowed.includes(size)).join(" "));
}
