import { fileSystemOf, isWithin } from "../facts/fileSystems";
import type { HostFacts } from "../facts/hostFacts";
import { parseQemuConf, qemuSetting } from "../files/qemuConf";

/** libvirt's default of `memory_backing_dir` (qemu.conf). */
export const defaultMemoryBackingDir = "/var/lib/libvirt/qemu/ram";

export const qemuConfPath = "/etc/libvirt/qemu.conf";

/** What qemu.conf says, undefined where libvirt's default counts. */
export function readMemoryBackingDir(facts: HostFacts): string | undefined {
  const file = facts.files.get(qemuConfPath);
  const value = file && qemuSetting(parseQemuConf(file.path, file.text), "memory_backing_dir")?.value;
  return typeof value === "string" ? Buffer.from(value, "latin1").toString("utf8") : undefined;
}

/** What `memory_backing_dir` will be: as declared, else as it is. The default, declared, means that nothing is set. */
export function wantedBackingDir(declared: string | undefined, present: string | undefined): string | undefined {
  return declared === defaultMemoryBackingDir && present === undefined ? undefined : (declared ?? present);
}

/** Where guests' memory files go: libvirt adds `libvirt/qemu` to whatever is configured (qemu_conf.c). */
export function memoryDirectory(memoryBackingDir: string | undefined): string {
  return memoryBackingDir === undefined ? defaultMemoryBackingDir : `${memoryBackingDir}/libvirt/qemu`;
}

/** One part in this many of a store is left to the file system's own growth (extent trees, inodes). */
const metadataShare = 256;

/**
 * How much guest memory the file system at a directory can hold: what is free for QEMU, which is not root, and what guests'
 * memory files take already. Whole MiB, rounded down.
 */
export function storeCapacity(facts: HostFacts, directory: string): { mib: number; mountPoint: string } | undefined {
  const store = fileSystemOf(facts.fileSystems, directory);
  if (!store) return undefined;
  const used = facts.guestMemoryFiles
    .filter((file) => isWithin(file.path, directory))
    .reduce((sum, file) => sum + file.usedBytes, 0);
  const room = store.availableBytes + used - store.totalBytes / metadataShare;
  return { mib: Math.max(0, Math.floor(room / 1024 ** 2)), mountPoint: store.mountPoint };
}
