import type { HostFacts } from "../facts/hostFacts";
import type { ObjectRecord } from "../facts/journal";
import { noNovaCompute } from "../foreignFiles";
import type { Problem } from "../inputs/problem";
import { type NovaConfig, readNovaConfig } from "../novaConfig";
import type { FileChanges } from "../plan/fileChanges";
import { formatMib } from "../size";
import { lacking, minimums } from "../versions";
import type { FileBackedMemoryConfigArgs } from "./fileBackedMemoryConfig";
import { type Desired, type Observed, observe, wantedOptions } from "./fileBackedMemoryOptions";
import { guestsAffected, guestWarnings } from "./guestHazards";
import type { Surroundings } from "./kind";
import { memoryDirectory, readMemoryBackingDir, wantedBackingDir } from "./memoryDirectory";
import { fileSystemHolding, storeCapacity } from "./memoryStore";
import { closedWay, readOnlyMount } from "./qemuAccess";

/** Virtual machine types for which Nova accepts file-backed memory (`_check_file_backed_memory_support`). */
const virtTypes = ["kvm", "qemu"];

/** What Nova, libvirt or the file system would refuse later, and hazards for guests. */
export function refusals(
  args: FileBackedMemoryConfigArgs,
  want: Desired,
  have: Observed,
  facts: HostFacts,
  config: NovaConfig,
): Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: string, message: string) => problems.push({ path, message });
  if (!facts.novaCompute) {
    refuse("", noNovaCompute(facts));
    return problems;
  }
  if (config.failure) {
    refuse("", `nova-compute cannot read its configuration: ${config.failure}; mend that first`);
    return problems;
  }
  for (const lack of lacking(minimums.fileBackedMemory, facts.versions)) refuse("", `${lack.lack}; ${lack.advice}`);
  if (args.discard === "required")
    for (const lack of lacking(minimums.discard, facts.versions))
      refuse("discard", `"required" cannot be had: ${lack.lack}; ${lack.advice}, or leave discard out`);
  const backingDir = wantedBackingDir(want.memoryBackingDir, have.memoryBackingDir);
  if (backingDir !== have.memoryBackingDir && !facts.files.has(facts.qemuConf)) {
    refuse(
      "memoryBackingDir",
      `cannot be set: the host has no ${facts.qemuConf} to set it in; install libvirt, or leave memoryBackingDir out`,
    );
  }
  for (const path of new Set([backingDir ?? [], memoryDirectory(backingDir)].flat())) {
    const obstacle = facts.directories.get(path)?.obstacle;
    if (obstacle === path)
      refuse(
        "memoryBackingDir",
        `${path} is no directory; libvirt would not start guests. Move it away, or declare another directory`,
      );
  }
  const closed = closedWay(facts, memoryDirectory(backingDir));
  if (closed !== undefined) refuse("memoryBackingDir", closed);

  const virtType = config.get("libvirt", "virt_type");
  if (virtType && !virtTypes.includes(virtType.text)) {
    refuse(
      "",
      `[libvirt] virt_type is ${virtType.text} (${virtType.path ?? virtType.variable}); Nova allows file-backed memory with kvm and qemu only. Leave this host out, or change that first`,
    );
  }
  for (const wanted of wantedOptions(want, have, config, facts.qemuConf)) {
    const variable = wanted.section === "" ? undefined : config.get(wanted.section, wanted.option)?.variable;
    if (variable && !wanted.isRight) {
      refuse(
        "",
        `${variable} in the environment of ${facts.novaCompute?.unit.name} wins over every file; remove it there and restart the service`,
      );
    }
  }
  if (want.reservedHostMemoryMb >= want.memoryMb && want.memoryMb > 0) {
    refuse(
      "reservedHostMemory",
      `must be less than the capacity of ${formatMib(want.memoryMb)}; Nova refuses to start otherwise. Leave it out: nothing needs to be reserved of a store`,
    );
  }

  const directory = memoryDirectory(wantedBackingDir(args.memoryBackingDir, readMemoryBackingDir(facts)));
  const store = storeCapacity(facts, directory);
  if (!store)
    refuse(
      "memoryBackingDir",
      `is ${directory}, which is on no file system of the host itself; mount one there, or declare another directory`,
    );
  else if (fileSystemHolding(facts, directory)?.isReadOnly) refuse("memoryBackingDir", readOnlyMount(store.mountPoint));
  else if (want.memoryMb > store.mib) {
    refuse(
      "capacity",
      `is ${formatMib(want.memoryMb)}, but the file system at ${store.mountPoint} can hold ${formatMib(store.mib)} of guest memory; Nova would fill it up and guests would die. Use at most that, or "auto"`,
    );
  } else if (args.capacity === "auto" && store.mountPoint === "/") {
    refuse(
      "capacity",
      `"auto" would give the whole root file system to guests; mount a store at ${directory} first, or name a capacity`,
    );
  } else if (want.memoryMb < 1)
    refuse(
      "capacity",
      `cannot be had: the file system at ${store.mountPoint} has no room for guest memory; make room, or mount a store at ${directory}`,
    );
  problems.push(
    ...guestsAffected(args, want.memoryMb, have.memoryMb, directory !== memoryDirectory(have.memoryBackingDir), facts),
  );
  return problems;
}

/** Nova refuses every guest with a page size on such a host, so that a policy about sizes would be an empty promise. */
export function pageSizesRefused(want: Desired, facts: HostFacts, { planned }: Surroundings): Problem[] {
  const decided = planned.findLast((effect) => effect.restrictsPageSizes !== undefined)?.restrictsPageSizes;
  const restricts = decided ?? facts.journal.objects.get("PageSizePolicy")?.pages?.restricts ?? false;
  if (!restricts || want.memoryMb === 0) return [];
  return [
    {
      path: "capacity",
      message:
        'is of no use beside the PageSizePolicy of this host: with file-backed memory Nova refuses every guest that asks for a page size. Allow "any" there, or take one of the two off this host',
    },
  ];
}

/**
 * Somebody else's file_backed_memory that stays when ours goes: without our ratio Nova would refuse to start, so that
 * taking ours back would only cost an outage.
 */
export function undoRefusals(facts: HostFacts, record: ObjectRecord, changes: FileChanges): Problem[] {
  const ours = record.edits.find((edit) => edit.option === "file_backed_memory");
  if (ours?.before !== null) return [];
  const config = readNovaConfig(facts, (path) => changes.text(path));
  const left = observe(facts, config);
  if (left.memoryMb === 0 || left.ramAllocationRatio === 1) return [];
  const place = config.get("libvirt", "file_backed_memory");
  return [
    {
      path: "",
      message: `somebody else set [libvirt] file_backed_memory = ${place?.text} in ${place?.path ?? place?.variable}; Nova would refuse to start with it once our ram_allocation_ratio = 1.0 is taken back. Remove that line first`,
    },
  ];
}

/** Nova knows nothing of what else takes room in the store: QEMU ends where a guest's memory finds none. */
export function roomWarnings(args: FileBackedMemoryConfigArgs, want: Desired, facts: HostFacts): string[] {
  const directory = memoryDirectory(wantedBackingDir(args.memoryBackingDir, readMemoryBackingDir(facts)));
  const store = storeCapacity(facts, directory);
  if (!store || store.nowMib >= want.memoryMb) return [];
  const room = `guests find room for ${formatMib(store.nowMib)} of ${formatMib(want.memoryMb)} only`;
  return [`${room}: what is no memory of a running guest takes the rest of ${store.mountPoint}`];
}

/** What Nova keeps silent about. */
export function warnings(
  args: FileBackedMemoryConfigArgs,
  want: Desired,
  facts: HostFacts,
  config: NovaConfig,
): string[] {
  const said: string[] = [];
  const directory = memoryDirectory(wantedBackingDir(args.memoryBackingDir, readMemoryBackingDir(facts)));
  const ramMb = Math.floor(facts.memory.totalKib / 1024);
  if (want.memoryMb > ramMb) {
    said.push(
      `guests with a NUMA topology (hw:numa_nodes, pinned CPUs, hw:pmem) stay bounded by the real RAM of each node, ${formatMib(ramMb)} in all`,
    );
  }
  if (want.reservedHostMemoryMb > 0)
    said.push("Nova warns about reserved_host_memory_mb beside file-backed memory, and will refuse it one day");
  const store = fileSystemHolding(facts, directory);
  if (store?.mountPoint === "/")
    said.push(`${directory} is on the root file system: guests that use their memory can fill it up`);
  const instances = config.get("DEFAULT", "instances_path")?.text ?? "/var/lib/nova/instances";
  if (store && fileSystemHolding(facts, instances.replace("$state_path", "/var/lib/nova"))?.device === store.device) {
    said.push(
      `instance disks (${instances}) are on the same file system as guest memory: they take room that Nova counts as memory`,
    );
  }
  for (const lack of lacking(minimums.discard, facts.versions))
    said.push(`${lack.lack}: guests write their memory back to the store when they stop`);
  return [...said, ...guestWarnings(facts)];
}
