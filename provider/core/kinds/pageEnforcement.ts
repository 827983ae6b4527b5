import { formatPageSize } from "./pageSize";
import { type NodePages, type PagedGuest, pageVerdict } from "./pageVerdict";

/** Guests that the host alone cannot keep to the allowed sizes. */
export interface Gap {
  guests: string;
  reason: string;
}

/** What the scheduler must be told so that a gap closes. Names and values as Nova's API and configuration have them. */
export interface SchedulerRules {
  /** The trait that the host must have in placement. */
  trait: string;
  /** Of the host aggregate that holds the hosts of this policy. */
  aggregateMetadata: Record<string, string>;
  /** Of every flavor that may come here; flavors without them may not. */
  flavorExtraSpecs: Record<string, string>;
  /** nova.conf of the schedulers, `[section] option`. */
  schedulerOptions: Record<string, string>;
  /** What `[filter_scheduler] enabled_filters` must have beside what it has. */
  enabledFilters: string[];
  /** What the rest does not do by itself. */
  remarks: string[];
}

export interface Enforcement {
  /** `host`: Nova refuses every guest with other pages on the host itself, whoever asks. */
  level: "host" | "partial";
  gaps: Gap[];
}

/** Nova's isolate_aggregates request filter (nova/scheduler/request_filter.py) is there from Train on. */
const isolation = 20;

interface GuestKind {
  words: string;
  guest: Pick<PagedGuest, "request" | "topology">;
  why: (nova: string) => string;
}

/** Guests that ask for no page size. */
const unsized: GuestKind[] = [
  {
    words: "without hw:mem_page_size, pinned CPUs, hw:numa_nodes or hw:pmem",
    guest: { request: undefined, topology: "none" },
    why: () => "Nova, in every release, counts no pages for them",
  },
  {
    words: "with hw:numa_nodes or hw:pmem, without hw:mem_page_size",
    guest: { request: undefined, topology: "numa" },
    why: () => "Nova, in every release, compares them with all base pages of a node, reserved ones too",
  },
  {
    words: "with hw:cpu_policy dedicated or mixed, without hw:mem_page_size",
    guest: { request: undefined, topology: "pinned" },
    why: (nova) => `Nova heeds reserved base pages for them from 30 (2024.2) on, and this host has ${nova}`,
  },
];

/**
 * Asks Nova's rules about every kind of guest, on a node that has plenty of every size: what then gets pages that are not
 * allowed is a gap. Guests that ask for a size are none: they get free pages only, and none that is withheld is free.
 */
export function enforcement(
  sizes: readonly number[],
  allowed: readonly number[],
  emptied: boolean,
  nova: string | undefined,
): Enforcement {
  const base = Math.min(...sizes);
  const largest = Math.max(...sizes);
  const node: NodePages = {
    pages: sizes.map((sizeKib) => {
      const isWithheld = !allowed.includes(sizeKib);
      const total = isWithheld && emptied && sizeKib !== base ? 0 : (4 * largest) / sizeKib;
      return { sizeKib, total, used: 0, reserved: isWithheld ? total : 0 };
    }),
  };
  const major = Number(nova?.split(".")[0] ?? 0);
  const gaps = unsized.flatMap(({ words, guest, why }) => {
    const verdict = pageVerdict(node, { ...guest, memoryKib: largest }, major);
    if (!verdict.fits || allowed.includes(verdict.sizeKib)) return [];
    return [
      { guests: words, reason: `get ${formatPageSize(verdict.sizeKib)} pages: ${why(nova ?? "an unknown release")}` },
    ];
  });
  return { level: gaps.length === 0 ? "host" : "partial", gaps };
}

/** The blueprint's aggregate alternative with what Nova has; null where the host needs no help. */
export function schedulerRules(
  allowed: readonly number[],
  { level }: Enforcement,
  trait: string | undefined,
  nova: string | undefined,
): SchedulerRules | null {
  if (level === "host") return null;
  const name = trait ?? `CUSTOM_PAGES_${[...allowed].reverse().join("_")}`;
  const canIsolate = Number(nova?.split(".")[0] ?? 0) >= isolation;
  const byNames = `AggregateTypeAffinityFilter lets in only the flavors that the aggregate's instance_type names; only who may name the host itself, as administrators may, gets round it`;
  return {
    trait: name,
    aggregateMetadata: canIsolate ? { [`trait:${name}`]: "required" } : {},
    flavorExtraSpecs: { "hw:mem_page_size": "large", [`trait:${name}`]: "required" },
    schedulerOptions: canIsolate ? { "[scheduler] enable_isolated_aggregate_filtering": "True" } : {},
    enabledFilters: ["NUMATopologyFilter", ...(canIsolate ? [] : ["AggregateTypeAffinityFilter"])],
    remarks: [
      ...(trait === undefined ? [`the host has no such trait yet: declare trait: "${name}"`] : []),
      canIsolate
        ? `whoever may set trait:${name} on an image gets in without a page size: protect that property in Glance. Or ${byNames}`
        : `name the flavors in the aggregate's metadata: ${byNames}`,
    ],
  };
}
