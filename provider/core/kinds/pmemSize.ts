import type { PmemNamespace, PmemRegion } from "../facts/pmem";

const mib = 1024 ** 2;

/** ndctl makes no smaller one that is more than raw. */
export const minimumNamespaceBytes = 16 * mib;

/** What Nova, ndctl and we take where nothing is said: pages of 2 MiB, as large as a usual guest can map. */
export const defaultAlignment = 2 * mib;

/** What sizes in a region come in multiples of: ndctl wants alignment x DIMMs, the kernel its own alignment. */
export function unitBytes(region: PmemRegion, alignBytes: number): number {
  return leastCommonMultiple(region.alignBytes, alignBytes * region.interleaveWays);
}

/** The size of a namespace that is to have at least `bytes` of its region. */
export function roundedBytes(region: PmemRegion, alignBytes: number, bytes: number): number {
  const unit = unitBytes(region, alignBytes);
  return Math.ceil(Math.max(bytes, minimumNamespaceBytes) / unit) * unit;
}

function leastCommonMultiple(one: number, other: number): number {
  let [a, b] = [one, other];
  while (b > 0) [a, b] = [b, a % b];
  return (one / a) * other;
}

/**
 * What is left to use of a devdax namespace: the kernel keeps two blocks at its beginning, and with map `dev` 64 bytes for
 * each of its pages of 4 KiB; what follows begins and ends at a multiple of the alignment (nd_pfn_init in
 * drivers/nvdimm/pfn_devs.c, as it is from Linux 5.10 on), or of the 2 MiB in which the kernel maps memory.
 *
 * @param start where the namespace is in the host's memory.
 */
export function usableBytes(start: number, rawBytes: number, alignBytes: number, map: "dev" | "mem"): number {
  const align = Math.max(alignBytes, 2 * mib);
  const blocks = 8 * 1024;
  const pages = map === "dev" ? 64 * Math.floor((rawBytes - blocks) / 4096) : 0;
  const begin = Math.ceil((start + blocks + pages) / align) * align;
  const end = Math.floor((start + rawBytes) / align) * align;
  return Math.max(0, end - begin);
}

/** Room in a region, in the order of its addresses. */
export class RegionRoom {
  private readonly extents: { start: number; bytes: number }[];
  /** The kernel may not say where things are: then only sizes can be told. */
  readonly isKnown: boolean;

  /** @param namespaces that stay. */
  constructor(
    readonly region: PmemRegion,
    namespaces: readonly PmemNamespace[],
  ) {
    const inside = namespaces.filter((each) => each.region === region.dev);
    this.isKnown = region.start !== undefined && inside.every(({ start }) => start !== undefined);
    if (!this.isKnown) {
      this.extents = [{ start: 0, bytes: region.largestExtentBytes }];
      return;
    }
    this.extents = [];
    let at = region.start!;
    for (const { start, rawBytes } of inside.toSorted((a, b) => a.start! - b.start!)) {
      if (start! > at) this.extents.push({ start: at, bytes: start! - at });
      at = Math.max(at, start! + rawBytes);
    }
    const end = region.start! + region.sizeBytes;
    if (end > at) this.extents.push({ start: at, bytes: end - at });
  }

  get largestBytes(): number {
    return Math.max(0, ...this.extents.map(({ bytes }) => bytes));
  }

  get freeBytes(): number {
    return this.extents.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Takes the first piece that is large enough, as the kernel does: a namespace is in one piece, in a place that is a
   * multiple of the region's alignment (scan_allocate in drivers/nvdimm/namespace_devs.c).
   *
   * @returns where it begins; undefined if there is none.
   */
  take(bytes: number): number | undefined {
    for (const extent of this.extents) {
      const start = Math.ceil(extent.start / this.region.alignBytes) * this.region.alignBytes;
      const lost = start - extent.start;
      if (extent.bytes - lost < bytes) continue;
      extent.start = start + bytes;
      extent.bytes -= lost + bytes;
      return start;
    }
    return undefined;
  }
}
