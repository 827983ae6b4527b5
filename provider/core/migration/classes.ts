import { formatPageSize } from "../kinds/pageSize";
import { folded, unfolded } from "./hostNames";
import {
  type GuestKind,
  type HostTraits,
  type MigrationProfile,
  majorOf,
  type PageRequest,
  type PmemOffer,
} from "./traits";

/** Hosts that are all the same to a guest that comes or goes. */
export interface MigrationClass {
  /** A, B, … */
  name: string;
  /** How many hosts there are. */
  count: number;
  /** Their names; those that differ by a number alone as a range, `compute-[1-250]`. */
  hosts: string[];
  traits: HostTraits;
}

/** Groups hosts by their traits. The same hosts make the same classes, in whatever order they come. */
export function classesOf(profiles: readonly MigrationProfile[]): MigrationClass[] {
  const byTraits = new Map<string, { traits: HostTraits; hosts: string[] }>();
  for (const { host, ...rest } of profiles) {
    const traits = canonical(rest);
    const key = JSON.stringify(traits);
    const one = byTraits.get(key) ?? { traits, hosts: [] };
    one.hosts.push(host);
    byTraits.set(key, one);
  }
  return [...byTraits]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { traits, hosts }], index) => ({
      name: letters(index),
      count: hosts.length,
      hosts: folded(hosts),
      traits,
    }));
}

/** Each host of some classes, which {@link classesOf} makes the same classes of. */
export function membersOf(classes: readonly MigrationClass[]): MigrationProfile[] {
  return classes.flatMap(({ hosts, traits }) => unfolded(hosts).map((host) => ({ host, ...traits })));
}

/** With its properties in one order, and nothing twice. */
function canonical(traits: HostTraits): HostTraits {
  const offer = ({ label, sizeKib, alignmentKib }: PmemOffer): PmemOffer => ({
    label,
    ...(sizeKib === undefined ? {} : { sizeKib }),
    ...(alignmentKib === undefined ? {} : { alignmentKib }),
  });
  const offers = new Map(traits.pmem.map((each) => [JSON.stringify(offer(each)), offer(each)]));
  return {
    fileBacked: traits.fileBacked,
    nova: traits.nova,
    libvirt: traits.libvirt,
    qemu: traits.qemu,
    basePageKib: traits.basePageKib,
    pageSizes: [...new Set(traits.pageSizes)].sort((one, other) => one - other),
    pmem: [...offers].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each),
    postCopy: traits.postCopy,
  };
}

/** A to Z, then AA. */
function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

/** Traits in a line. */
export function describeTraits(traits: HostTraits): string {
  const labels = traits.pmem.map(({ label, sizeKib, alignmentKib }) => {
    const size = sizeKib === undefined ? "size unknown" : formatPageSize(sizeKib);
    return `${label} (${size}${alignmentKib === undefined ? "" : `, aligned to ${formatPageSize(alignmentKib)}`})`;
  });
  return [
    traits.fileBacked ? "file-backed memory" : "memory in RAM",
    `Nova ${traits.nova}`,
    `libvirt ${traits.libvirt}`,
    `QEMU ${traits.qemu}`,
    traits.pageSizes.length > 0
      ? `pages of ${traits.pageSizes.map(formatPageSize).join(", ")}`
      : "no pages for guests that ask for a size",
    ...(labels.length > 0 ? [`persistent memory ${labels.join(", ")}`] : []),
    ...(traits.postCopy ? ["post-copy permitted"] : []),
  ].join("; ");
}

/** The kinds of guests that there can be on any of the hosts. */
export function guestsOf(classes: readonly MigrationClass[]): GuestKind[] {
  const all = classes.map(({ traits }) => traits);
  const sizes = new Set(all.flatMap(({ pageSizes }) => pageSizes));
  const labels = new Set(all.flatMap(({ pmem }) => pmem.map(({ label }) => label)));
  const requests = [
    ...(["small", "large", "any"] as const),
    ...[...sizes].filter((size) => !all.every(({ basePageKib }) => basePageKib === size)).sort((a, b) => a - b),
  ];
  return [
    { kind: "plain" },
    ...requests.map((request) => ({ kind: "page-size" as const, request })),
    ...[...labels].sort().map((label) => ({ kind: "pmem" as const, label })),
    ...(all.some(({ nova }) => majorOf(nova) >= 26) ? [{ kind: "locked" as const }] : []),
    ...(all.some(({ nova }) => majorOf(nova) >= 31) ? [{ kind: "shares" as const }] : []),
  ];
}

/** As in "guests …", by what their flavors say. */
export function describeGuest(guest: GuestKind): string {
  switch (guest.kind) {
    case "plain":
      return guest.hasTopology ? "with NUMA nodes of its own" : "without page size or persistent memory";
    case "page-size":
      return `with hw:mem_page_size=${requestText(guest.request)}`;
    case "pmem":
      return `with hw:pmem=${guest.label}`;
    case "locked":
      return `with hw:locked_memory${guest.request === undefined ? "" : ` and hw:mem_page_size=${requestText(guest.request)}`}`;
    case "shares":
      return "with a share attached";
  }
}

/** As flavors have it. */
function requestText(request: PageRequest): string {
  if (typeof request !== "number") return request;
  return formatPageSize(request).replace(" KiB", "KB").replace(" MiB", "MB").replace(" GiB", "GB");
}
