import { textOf } from "../files/bytes";
import type { OptionEdit } from "../files/edit";
import { applyRuns } from "../host/library";
import { hashOfLock } from "../host/lock";
import { applyDirectory, cloudPath, lockPath, objectPath, pendingPath, stateDirectory } from "../host/paths";
import type { HostFile } from "./hostFile";
import { readCloudRecord, readObjectRecord, readPendingRecord } from "./records";
import type { Sections } from "./sections";

/** What the host keeps about one managed object. */
export interface ObjectRecord {
  version: 1;
  /** `project/stack/name` of the resource that owns it. */
  owner: string;
  /** Everything of ours in configuration files, oldest first: enough to take it back line by line. */
  edits: OptionEdit[];
  /** What a BackingStore made beside that. */
  store?: StoreRecord;
  /** What a PageSizePolicy made beside that. */
  pages?: PagesRecord;
  /** What a PersistentMemory gives to guests. */
  pmem?: PmemRecord;
}

/** What a BackingStore did to a host that was not so before; only that is taken back. */
export interface StoreRecord {
  mountPoint: string;
  /** As declared, undefined for a tmpfs or what was mounted already. */
  device?: string;
  fileSystem?: string;
  /** By which the file system is known again, under whatever name its device has then. */
  uuid?: string;
  /** From before the first step until the last. */
  unfinished?: true;
  /** Identity of the disk that mkfs runs on: while this is here, what nobody knows may be the beginning of our file system. */
  making?: string;
  /** We mounted it. */
  mounted: boolean;
  /** The topmost directory that we made for it to be mounted on, if any. */
  madeDirectory?: string;
  /** Files that are wholly ours. */
  files: string[];
  /** Folders that we made for them. */
  madeFolders?: string[];
}

/** What a PageSizePolicy did to a host beside its configuration. */
export interface PagesRecord {
  pools: {
    node: number;
    sizeKib: number;
    /** Before us. */
    before: number;
    /** Every count since, the newest first. */
    ours: number[];
  }[];
  /** Not every page size of the host is allowed. */
  restricts: boolean;
  /** Pools are on the kernel's command line: written to a file only (`due`), or in the boot loader's menu as well. */
  bootLoader?: "due" | "on";
  /**
   * Traits that the host has, or may have, in placement for our sake; only one that is there for sure is `set`. One that is
   * `going` is not wanted any more, and stays until nova-compute has been restarted.
   */
  traits?: { name: string; set: boolean; going?: true }[];
  /** Folders that we made for whole files of ours. */
  madeFolders?: string[];
}

/** Namespaces that a PersistentMemory gives to guests, made by it or found. */
export interface PmemRecord {
  namespaces: {
    name: string;
    label: string;
    /** Of its labels, by which it is known again while it is disabled. */
    rawUuid: string;
    /** `dax0.1` when we last saw it; `of UUID` from before it is made until it is known. */
    device: string;
  }[];
  /** Names of those that a run is about to make: one that is not whole holds nothing. */
  unfinished?: string[];
  /** Those that Nova is told of no more, until the run that takes them out is over: a cut may leave them in its file. */
  leaving?: { name: string; label: string; rawUuid: string }[];
  /** Those that it gave to guests once, and that stay until somebody consents to lose them. */
  kept?: { name: string; rawUuid: string }[];
}

/** A service whose restart may be outstanding. */
export type Service = "libvirt" | "nova-compute";

/** Present from before the first edit until every service named runs healthily with what the files say. */
export interface PendingRecord {
  version: 1;
  services: Service[];
  /** Those that ran then though systemd does not enable them: a cluster manager starts them, or another unit. */
  ran?: Service[];
  /** Why, in the words of the plan; shown again by whoever does the restart. */
  reasons: string[];
  /** The way back to what the services run now, per object. */
  edits: { object: string; action: "set" | "undone"; edit: OptionEdit }[];
  /** Huge page pools as the services know them, where they were changed since. */
  pools?: { node: number; sizeKib: number; count: number }[];
  /** Whole files of ours as they were then; null for one that was not there. Some are the first in their folder. */
  files?: { path: string; content: string | null; madeFolder?: true }[];
  /** Whoever restarts must have moved running guests to other hosts before: what made the change counts them as gone. */
  countsOnMigration?: true;
}

/** What is owed to the cloud that a host is in, so that a run that is cut does not forget it. */
export interface CloudRecord {
  version: 1;
  /** We disabled the host's nova-compute, from before that until it is enabled again. */
  drained?: {
    /** Nova's name of the host. */
    host: string;
    /** By which Nova shows that it was us. */
    reason: string;
  };
  /** What placement said before file-backed memory, which nothing else remembers. */
  former?: {
    /** Of MEMORY_MB; null if the host had none there. */
    memoryRatio: number | null;
    /** It had the trait of file-backed memory already. */
    hadTrait: boolean;
  };
}

/** Our own files on the host. */
export interface Journal {
  objects: ReadonlyMap<string, ObjectRecord>;
  pending: PendingRecord | undefined;
  cloud: CloudRecord | undefined;
  /** Content hash of each record as read, so that an apply can prove that nobody wrote in between. */
  hashes: ReadonlyMap<string, string>;
  /** Apply units that run at this moment. */
  running: string[];
  /** Who holds the host's lock, or held it last since the host booted; undefined for nobody. */
  holder: string | undefined;
  /** Of the host's lock, from before any other fact; undefined where it was not asked for. */
  lockHash: string | undefined;
}

/** Comes before all other facts: an apply that begins later is noticed by it, whatever it does. */
export const collectLock = `
${hashOfLock}
section "lock $(hash_of_lock)"
`;

export const collectJournal = `
for record in ${stateDirectory}/objects/*.json ${pendingPath} ${cloudPath}; do file "$record"; done
section applies
${applyRuns}
for unit in ${applyDirectory}/*; do
  [ -d "$unit" ] && [ ! -e "$unit/status" ] && apply_runs "\${unit##*/}" && echo "\${unit##*/}" || :
done
[ ! -s ${lockPath} ] || echo "holder $(sed 1q ${lockPath} | head -c 300)"
`;

export function parseJournal(host: string, sections: Sections, files: Map<string, HostFile>): Journal {
  const objects = new Map<string, ObjectRecord>();
  const hashes = new Map<string, string>();
  for (const [path, file] of files) {
    if (!path.startsWith(`${stateDirectory}/`)) continue;
    hashes.set(path, file.sha256);
    const kind = /\/objects\/([^/]+)\.json$/.exec(path)?.[1];
    if (kind !== undefined && path === objectPath(kind)) objects.set(kind, readObjectRecord(host, file));
  }
  const [pending, cloud] = [files.get(pendingPath), files.get(cloudPath)];
  const applies = sections.lines("applies");
  const [holder] = applies.flatMap((line) => (line.startsWith("holder ") ? [textOf(line.slice(7))] : []));
  return {
    objects,
    pending: pending && readPendingRecord(host, pending),
    cloud: cloud && readCloudRecord(host, cloud),
    hashes,
    // An id has no space.
    running: applies.filter((line) => !line.includes(" ")),
    holder,
    lockHash: sections.withPrefix("lock")[0]?.[0],
  };
}
