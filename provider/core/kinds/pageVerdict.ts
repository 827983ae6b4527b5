/** What a flavor's hw:mem_page_size says; undefined where it says nothing. A number is KiB. */
export type PageRequest = "small" | "large" | "any" | number | undefined;

/** A guest as far as Nova's page accounting is concerned. */
export interface PagedGuest {
  request: PageRequest;
  /** Without a topology Nova counts no pages; a page size, pinning, hw:numa_nodes and hw:pmem each give one. */
  topology: "none" | "numa" | "pinned";
  /** On one of its NUMA nodes. */
  memoryKib: number;
}

/** The pages of one host NUMA node, as libvirt and `reserved_huge_pages` tell Nova. */
export interface NodePages {
  pages: { sizeKib: number; total: number; used: number; reserved: number }[];
}

/** Nova's answer: the size of the pages that the guest gets, or nothing if it does not fit. */
export type PageVerdict = { fits: true; sizeKib: number } | { fits: false };

/** From 2024.2 on, pinned guests without a page size must fit into what is free of the base pages. */
const pinnedUseFree = 30;

/**
 * Whether Nova lets a guest onto a node, as far as pages decide (nova/virt/hardware.py, `_numa_fit_instance_cell` and
 * `_numa_cell_supports_pagesize_request`; nova/objects/numa.py, `can_fit_pagesize`).
 */
export function pageVerdict(node: NodePages, guest: PagedGuest, novaMajor: number): PageVerdict {
  const sizes = node.pages.map((page) => page.sizeKib).sort((one, other) => other - one);
  const smallest = sizes.at(-1)!;
  const first = (tried: readonly number[], use: "free" | "total"): PageVerdict => {
    const sizeKib = tried.find((size) => canFit(node, size, guest.memoryKib, use));
    return sizeKib === undefined ? { fits: false } : { fits: true, sizeKib };
  };
  switch (guest.request) {
    case "small":
      return first([smallest], "free");
    case "large":
      return first(sizes.slice(0, -1), "free");
    case "any":
      return first(sizes, "free");
    case undefined:
      if (guest.topology === "none") return { fits: true, sizeKib: smallest };
      return first([smallest], guest.topology === "pinned" && novaMajor >= pinnedUseFree ? "free" : "total");
    default:
      return first([guest.request], "free");
  }
}

function canFit({ pages }: NodePages, sizeKib: number, memoryKib: number, use: "free" | "total"): boolean {
  const page = pages.find((each) => each.sizeKib === sizeKib);
  if (!page) return false;
  const count = use === "total" ? page.total : page.total - page.used - page.reserved;
  return memoryKib <= count * sizeKib && memoryKib % sizeKib === 0;
}
