import { formatPageSize } from "../../kinds/pageSize";
import { type NodePages, pageVerdict } from "../../kinds/pageVerdict";
import { type GuestKind, type HostTraits, majorOf, type Rule } from "../traits";

const memoryKib = 1048576;

/** A node with plenty of every size that the host has pages of: what is given there does not hang on how full it is. */
function nodeOf({ basePageKib, pageSizes }: HostTraits): NodePages {
  const plenty = (sizeKib: number) => (4 * Math.max(memoryKib, sizeKib)) / sizeKib;
  const withheld = pageSizes.includes(basePageKib) ? [] : [basePageKib];
  return {
    pages: [
      ...pageSizes.map((sizeKib) => ({ sizeKib, total: plenty(sizeKib), used: 0, reserved: 0 })),
      ...withheld.map((sizeKib) => ({ sizeKib, total: plenty(sizeKib), used: 0, reserved: plenty(sizeKib) })),
    ],
  };
}

/** The size of the pages that Nova gives such a guest on a host; undefined if it has none for it. */
export function givenPages(host: HostTraits, guest: GuestKind): number | undefined {
  if (guest.kind !== "page-size" && guest.kind !== "locked") return undefined;
  const request = guest.request ?? "small";
  const largest = Math.max(memoryKib, ...host.pageSizes);
  const verdict = pageVerdict(nodeOf(host), { request, topology: "numa", memoryKib: largest }, majorOf(host.nova));
  return verdict.fits ? verdict.sizeKib : undefined;
}

/** The same where the guest is: one that runs has what it got at its start, whatever the host gives now. */
function pagesHere(host: HostTraits, guest: GuestKind): number | undefined {
  return "hasKib" in guest && guest.hasKib !== undefined ? guest.hasKib : givenPages(host, guest);
}

export const pageRules: Rule[] = [
  {
    name: "pages-here",
    source: "nova/virt/hardware.py, _numa_cell_supports_pagesize_request",
    judge(from, _to, guest) {
      if (guest.kind !== "page-size" && guest.kind !== "locked") return undefined;
      if (pagesHere(from, guest) !== undefined) return undefined;
      return { outcome: "impossible", reason: "the host here has no such pages for guests" };
    },
  },
  {
    name: "pages-there",
    source: "nova/compute/claims.py, _test_numa_topology",
    judge(from, to, guest) {
      const size = pagesHere(from, guest);
      if (size === undefined || givenPages(to, guest) !== undefined) return undefined;
      return {
        outcome: "refused",
        reason: `the host there has no ${"request" in guest && guest.request === "large" ? "huge" : formatPageSize(size)} pages for guests (Requested instance NUMA topology cannot fit the given host NUMA topology)`,
      };
    },
  },
  {
    name: "other-pages-there",
    source: "nova/compute/claims.py, _test_live_migration_page_size (from 20 on)",
    judge(from, to, guest) {
      const [here, there] = [pagesHere(from, guest), givenPages(to, guest)];
      if (here === undefined || there === undefined || here === there) return undefined;
      return {
        outcome: "refused",
        reason: `it has pages of ${formatPageSize(here)} here and would get ${formatPageSize(there)} there, the largest that are free (Requested page size is different from current page size)`,
      };
    },
  },
  {
    name: "locked-release",
    source: "hw:locked_memory (from 26 on), nova/virt/hardware.py, get_locked_memory_constraint",
    judge(from, to, guest) {
      if (guest.kind !== "locked") return undefined;
      if (majorOf(from.nova) < 26)
        return {
          outcome: "impossible",
          reason: `Nova has hw:locked_memory from 26 (Zed) on, and here is ${from.nova}`,
        };
      if (majorOf(to.nova) >= 26) return undefined;
      return {
        outcome: "breaks",
        reason: `Nova ${to.nova} there does not know hw:locked_memory: the guest stays locked until its next stop and start, or hard reboot, and no longer`,
      };
    },
  },
];
