import type { HostFacts } from "../facts/hostFacts";
import type { NovaConfig } from "../novaConfig";
import type { Json } from "./kind";
import { needsReboot } from "./pageBoot";
import { isSamePool, type Pool, poolOf } from "./pagePools";
import { reservedIn, type Withheld } from "./pageReservations";
import { allowedSizes, hostSizes, parsePageSize } from "./pageSize";
import type { PageSizePolicyArgs } from "./pageSizePolicy";

/** A policy as it shall be on one host. */
export interface DesiredPages {
  /** Allowed sizes that the host has, largest first. */
  sizes: number[];
  /** Allowed sizes that the host does not have. */
  unknown: number[];
  /** Not every size of the host is allowed. */
  restricts: boolean;
  /** Each pool once, also those emptied for the policy's sake; largest pages first. */
  pools: Pool[];
  withheld: Withheld[];
}

const kibPerGib = 1024 ** 2;

export function desiredPages(args: PageSizePolicyArgs, { hugePages }: HostFacts): DesiredPages {
  const { sizes, unknown } = allowedSizes(args.allowed, hugePages);
  const refused = hostSizes(hugePages).filter((size) => !sizes.includes(size));
  const declared = args.pools.flatMap(({ size, node, count }) => {
    const nodes = node === undefined ? hugePages.nodes.map(({ id }) => id) : [node];
    return nodes.map((id) => ({ node: id, sizeKib: parsePageSize(size), count }));
  });
  const isEmptied = (size: number) => args.enforceBy === "empty-pools" && size !== hugePages.basePageKib;
  const emptied = hugePages.nodes.flatMap(({ id }) =>
    refused.filter(isEmptied).map((sizeKib) => ({ node: id, sizeKib, count: 0 })),
  );
  const missing = emptied.filter((pool) => !declared.some((each) => isSamePool(each, pool)));
  // One order, however a program writes them: nothing changes on the host when they are written in another one. The kernel
  // finds room for large pages only as long as small ones have not taken it piece by piece.
  const pools = [...declared, ...missing].sort((one, other) => other.sizeKib - one.sizeKib || one.node - other.node);
  return {
    sizes,
    unknown,
    restricts: refused.length > 0,
    pools,
    withheld: hugePages.nodes.flatMap(({ id, totalKib }) =>
      refused
        .filter((size) => !isEmptied(size))
        .map((sizeKib) => ({
          node: id,
          sizeKib,
          needed: pagesThere(sizeKib, id, totalKib),
          // All that the node's memory could ever be, and not a page less if a little memory is added. Of a page of 16 GiB
          // (64 KiB kernels of aarch64) that is no whole number, and Nova refuses to start with a part of one.
          all: Math.ceil((Math.ceil(totalKib / kibPerGib) * kibPerGib) / sizeKib),
        })),
    ),
  };

  function pagesThere(sizeKib: number, node: number, totalKib: number): number {
    if (sizeKib === hugePages.basePageKib) return Math.floor(totalKib / sizeKib);
    const planned = pools.find((pool) => isSamePool(pool, { node, sizeKib }))?.count ?? 0;
    return Math.max(1, planned, poolOf(hugePages, node, sizeKib)?.total ?? 0);
  }
}

/** Under the inputs' names; where the host agrees, in the user's own words. */
export function observedPages(
  args: PageSizePolicyArgs,
  want: DesiredPages,
  facts: HostFacts,
  config: NovaConfig,
): Record<string, Json> {
  const { hugePages } = facts;
  const rebootNeeded = needsReboot(want.pools, args.atBoot, facts);
  const open = want.withheld.filter(({ node, sizeKib, needed }) => reservedIn(config, node, sizeKib) < needed);
  const given = hostSizes(hugePages).filter(
    (size) => want.sizes.includes(size) || open.some(({ sizeKib }) => sizeKib === size),
  );
  const have = (pool: Pool) => poolOf(hugePages, pool.node, pool.sizeKib)?.total ?? 0;
  const isRight = rebootNeeded || want.pools.every((pool) => have(pool) === pool.count);
  return {
    allowed: open.length === 0 ? args.allowed : given,
    pools: (isRight
      ? args.pools
      : want.pools.map((pool) => ({ size: pool.sizeKib, node: pool.node, count: have(pool) }))) as unknown as Json,
    rebootNeeded,
    transparentHugePages: hugePages.transparent ?? "none",
  };
}
