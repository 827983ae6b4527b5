import { computeHostPlan, storePlace, storePlan } from "../../support/examplePlans";
import { smallPool } from "../../support/lab/pages";
import { novaConf, qemuConf } from "./novaState";

/** A program of examples/, and what it does to a real Nova host. */
export interface Example {
  /** The folder below examples/. */
  folder: string;
  config: Record<string, string>;
  /** The key as text, as secrets of a pipeline come, or as a file, as people have it. */
  key: "text" | "file";
  /** What the user's host has before: run as root before anything is recorded, and taken back at the end. */
  prepare: string;
  tidy: string;
  /** The plan, line by line. */
  plan: string[];
  /** What placement then has; undefined where the example leaves Nova alone. */
  memoryMb: number | undefined;
  /** Where guests' memory files must be. */
  directory: string;
  /** The services that an update restarts, in their order. */
  restarts: string[];
  /** The kind of resource that a change by hand makes differ, that change, and what repairs it. */
  drift: { kind: string; byHand: string; repair: string[] };
  /** How many applies destroy it. */
  applies: number;
  /** What stays of libvirt's own doing, beside what always stays. */
  kept: RegExp[];
}

const disk = "/dev/disk/by-id/nvme-HOSTMEM_LAB_0001";
/** The file system stays with what is in it. */
const keptOnDisk = [/^disk \/dev\/hostmem-disk0: was blank, is .*TYPE=xfs/];

function memoryDrift(memoryMb: number): Example["drift"] {
  return {
    kind: "FileBackedMemoryConfig",
    byHand: `sed -i 's/^file_backed_memory *=.*/file_backed_memory = 512/' ${novaConf}`,
    repair: [`set [libvirt] file_backed_memory = ${memoryMb} (was 512) in ${novaConf}`, "restart nova-compute"],
  };
}

/** One `ComputeHost` with a store and file-backed memory in it. */
const computeHost: Example = {
  folder: "compute-host",
  config: { device: disk, capacity: "768 MiB" },
  key: "file",
  prepare: ":",
  tidy: "blkdiscard -f /dev/hostmem-disk0",
  plan: computeHostPlan(disk, 768),
  memoryMb: 768,
  directory: storePlace,
  restarts: ["nova-compute"],
  drift: memoryDrift(768),
  applies: 2,
  kept: keptOnDisk,
};

export const examples: Example[] = [
  {
    folder: "file-backed-memory",
    config: { capacity: "2 GiB" },
    key: "text",
    prepare: ":",
    tidy: ":",
    plan: [
      `set [libvirt] file_backed_memory = 2048 (was not set) in ${novaConf}`,
      `set [DEFAULT] ram_allocation_ratio = 1.0 (was not set) in ${novaConf}`,
      `set [DEFAULT] reserved_host_memory_mb = 0 (was not set) in ${novaConf}`,
      "restart nova-compute",
    ],
    memoryMb: 2048,
    directory: "/var/lib/libvirt/qemu/ram",
    restarts: ["nova-compute"],
    drift: memoryDrift(2048),
    applies: 1,
    kept: [],
  },
  {
    folder: "service-activation",
    config: { capacity: "768 MiB", memoryBackingDir: "/mnt/guest-memory" },
    key: "file",
    prepare: "mkfs.xfs -q -f /dev/hostmem-disk0; mount /dev/hostmem-disk0 /mnt; mkdir /mnt/guest-memory",
    tidy: "umount /mnt; blkdiscard -f /dev/hostmem-disk0",
    plan: [
      `set [libvirt] file_backed_memory = 768 (was not set) in ${novaConf}`,
      `set [DEFAULT] ram_allocation_ratio = 1.0 (was not set) in ${novaConf}`,
      `set [DEFAULT] reserved_host_memory_mb = 0 (was not set) in ${novaConf}`,
      `set memory_backing_dir = /mnt/guest-memory (was not set) in ${qemuConf}`,
      "restart libvirtd, then nova-compute",
    ],
    memoryMb: 768,
    directory: "/mnt/guest-memory/libvirt/qemu",
    restarts: ["libvirtd", "nova-compute"],
    drift: memoryDrift(768),
    applies: 1,
    // libvirt makes the folders below memory_backing_dir at its start, and leaves them when it is told another one.
    kept: [/^file \/mnt\/guest-memory\/libvirt(\/qemu)?: new, folder/],
  },
  {
    folder: "backing-store",
    config: { device: disk },
    key: "text",
    prepare: ":",
    tidy: "blkdiscard -f /dev/hostmem-disk0",
    plan: storePlan(disk),
    memoryMb: undefined,
    directory: storePlace,
    restarts: [],
    drift: { kind: "BackingStore", byHand: `umount ${storePlace}`, repair: [`mount ${storePlace}`] },
    applies: 1,
    kept: keptOnDisk,
  },
  {
    folder: "page-size-policy",
    config: { pages: "8" },
    key: "text",
    prepare: ":",
    tidy: ":",
    plan: [
      "set pool of 2 MiB pages on node 0 to 8 (was 0)",
      "set at boot by hostmem-huge-pages.service: 8 x 2 MiB pages on node 0",
      `add [DEFAULT] reserved_huge_pages = node:0,size:1048576,count:… in ${novaConf}`,
      "restart nova-compute",
    ],
    memoryMb: undefined,
    directory: storePlace,
    restarts: ["nova-compute"],
    drift: {
      kind: "PageSizePolicy",
      byHand: `echo 5 > ${smallPool}/nr_hugepages`,
      repair: ["set pool of 2 MiB pages on node 0 to 8 (was 5)", "restart nova-compute"],
    },
    applies: 1,
    kept: [],
  },
  {
    folder: "live-migration-group",
    config: { permitPostCopy: "true" },
    key: "file",
    prepare: ":",
    tidy: ":",
    plan: [`set [libvirt] live_migration_permit_post_copy = True (was not set) in ${novaConf}`, "restart nova-compute"],
    memoryMb: undefined,
    directory: storePlace,
    restarts: ["nova-compute"],
    drift: {
      kind: "LiveMigrationConfig",
      byHand: `sed -i 's/^live_migration_permit_post_copy *=.*/live_migration_permit_post_copy = False/' ${novaConf}`,
      repair: [
        `set [libvirt] live_migration_permit_post_copy = True (was False) in ${novaConf}`,
        "restart nova-compute",
      ],
    },
    applies: 1,
    kept: [],
  },
  computeHost,
  // Of one host, which is its canary; fleet.test.ts has more of them.
  { ...computeHost, folder: "fleet", key: "text" },
];
