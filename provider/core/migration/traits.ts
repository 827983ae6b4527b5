import type { PageRequest as Asked } from "../kinds/pageVerdict";

/** Namespaces that a host offers under one label of `[libvirt] pmem_namespaces`; all that differ are told, none twice. */
export interface PmemOffer {
  label: string;
  /** What a guest's device has there; left out where it is not known. */
  sizeKib?: number;
  /** Alignment of the namespace; left out where it is not known. */
  alignmentKib?: number;
}

/** All of a host that decides where guests can live migrate from and to, as far as their memory is concerned. */
export interface HostTraits {
  nova: string;
  libvirt: string;
  qemu: string;
  /** `[libvirt] file_backed_memory` is above 0. */
  fileBacked: boolean;
  /** The host's ordinary page size in KiB. */
  basePageKib: number;
  /** In KiB, smallest first: sizes of which Nova has pages for guests that ask for a size. */
  pageSizes: number[];
  pmem: PmemOffer[];
  /** `[libvirt] live_migration_permit_post_copy`, which counts for guests that leave the host. */
  postCopy: boolean;
}

/** The traits of one host, as it is once everything that is declared for it is applied. */
export interface MigrationProfile extends HostTraits {
  /** Its name, as in `openstack compute service list`. */
  host: string;
}

/** 26 of "26.2.2"; development versions count as what they become. */
export function majorOf(version: string): number {
  return Number(/^\d+/.exec(version)?.[0] ?? 0);
}

/** A value of hw:mem_page_size; a number is KiB. */
export type PageRequest = NonNullable<Asked>;

/** A guest, as far as memory decides where it can go. */
export type GuestKind =
  /** No page size, no persistent memory. It has a NUMA topology all the same where its flavor or image asks for nodes. */
  | { kind: "plain"; hasTopology?: boolean }
  /** What its flavor's hw:mem_page_size says; of a running guest also the size in KiB that it got. */
  | { kind: "page-size"; request: PageRequest; hasKib?: number }
  /** A label in its flavor's hw:pmem. */
  | { kind: "pmem"; label: string }
  /** hw:locked_memory, which Nova takes with a page size only; here with the ordinary one, unless another is named. */
  | { kind: "locked"; request?: PageRequest; hasKib?: number }
  /** A Manila share is attached by virtiofs. */
  | { kind: "shares" };

/** The kinds by which a user chooses among guests. */
export const guestNames = ["plain", "page-size", "pmem", "locked", "shares"] as const;
export type GuestName = (typeof guestNames)[number];

/** What comes of a live migration. */
export type Outcome =
  /** Nova migrates it, and it stays as it is. */
  | "works"
  /** Nova says no before anything happens. */
  | "refused"
  /** Nova does not refuse, and the migration fails half-way, or leaves a guest that is not what it seems. */
  | "breaks"
  /** There can be no such guest on the host that it would leave. */
  | "impossible";

/** What one rule says of one guest that goes from one host to another. */
export interface Finding {
  /** A remark is for a guest that arrives well. */
  outcome: Exclude<Outcome, "works"> | "remark";
  reason: string;
}

/** One cause of a verdict. */
export interface Rule {
  name: string;
  /** Nova's option, release or source that it comes from, or QEMU's. */
  source: string;
  judge(from: HostTraits, to: HostTraits, guest: GuestKind): Finding | undefined;
}
