import type { HostFacts } from "../facts/hostFacts";
import { textOf } from "../files/bytes";
import { parseQemuConf, qemuSetting } from "../files/qemuConf";

/** libvirt's default of `memory_backing_dir` (qemu.conf). */
export const defaultMemoryBackingDir = "/var/lib/libvirt/qemu/ram";

/** What qemu.conf says, undefined where libvirt's default counts. */
export function readMemoryBackingDir(facts: HostFacts): string | undefined {
  const file = facts.files.get(facts.qemuConf);
  const value = file && qemuSetting(parseQemuConf(file.path, file.text), "memory_backing_dir")?.value;
  return typeof value === "string" ? textOf(value) : undefined;
}

/** What `memory_backing_dir` will be: as declared, else as it is. The default, declared, means that nothing is set. */
export function wantedBackingDir(declared: string | undefined, present: string | undefined): string | undefined {
  return declared === defaultMemoryBackingDir && present === undefined ? undefined : (declared ?? present);
}

/** Where guests' memory files go: libvirt adds `libvirt/qemu` to whatever is configured (qemu_conf.c). */
export function memoryDirectory(memoryBackingDir: string | undefined): string {
  return memoryBackingDir === undefined ? defaultMemoryBackingDir : `${memoryBackingDir}/libvirt/qemu`;
}
