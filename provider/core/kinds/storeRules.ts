import { isWithin } from "../facts/fileSystems";
import type { HostFacts } from "../facts/hostFacts";
import type { StoreRecord } from "../facts/journal";
import type { Tool } from "../facts/tools";
import { libvirtUnit } from "../facts/units";
import { guardPath } from "../host/units";
import type { Problem } from "../inputs/problem";
import { fileBackedMemoryMb } from "../plan/activation";
import { isTaken } from "../plan/beside";
import { FileChanges } from "../plan/fileChanges";
import { formatMib } from "../size";
import type { BackingStoreArgs } from "./backingStore";
import { whatIsOn, whoUses } from "./deviceContent";
import { isStableName } from "./deviceName";
import { guestsWithMemoryIn } from "./guestMemory";
import { memoryDirectory, readMemoryBackingDir } from "./memoryDirectory";
import { closedMountPoint, closedWay, readOnlyMount } from "./qemuAccess";
import { fstabPath, storeEntries } from "./storeFstab";
import { canGrow, minimumDeviceBytes, tmpfsBytes } from "./storeSize";
import { type DesiredStore, isStoreUuid, type ObservedStore } from "./storeState";

/** Why a store cannot be what is declared. Nothing here is ever forced. */
export function storeRefusals(
  args: BackingStoreArgs,
  want: DesiredStore,
  have: ObservedStore,
  facts: HostFacts,
): Problem[] {
  const moved = moveRefusals(args, have, facts);
  if (moved.length > 0) return moved;
  const device = [...deviceRefusals(args, have, facts), ...sizeRefusals(args, facts), ...daxRefusals(args, have)];
  return [
    ...device,
    ...mountPointRefusals(args, want, have, facts),
    ...(device.length > 0 ? [] : toolRefusals(args, have, facts)),
    ...guardRefusals(facts),
  ];
}

/** What is recorded as ours is ours, whatever became of it since. */
function guardRefusals(facts: HostFacts): Problem[] {
  const unit = libvirtUnit(facts.units)?.name;
  if (unit === undefined) return [];
  const path = guardPath(unit);
  const isRecorded = facts.journal.objects.get("BackingStore")?.store?.files.includes(path) === true;
  if (isRecorded || !isTaken(facts, path)) return [];
  const message = `cannot be waited for by ${unit}, since ${path} is there and was not written by this. Move it away, or give it another name`;
  return [{ path: "mountPoint", message }];
}

/**
 * A store that is there is neither moved nor made anew in place: its memory files are in use, or may be. One that never was
 * finished may become another, but not elsewhere: what there is at its mount point by then would be nobody's.
 */
function moveRefusals(args: BackingStoreArgs, { device }: ObservedStore, facts: HostFacts): Problem[] {
  const store = facts.journal.objects.get("BackingStore")?.store;
  if (!store) return [];
  const isSameDevice =
    args.device === store.device || (store.uuid !== undefined && device?.signature["UUID"] === store.uuid);
  const changed: [string, boolean, string | undefined][] = [
    ["mountPoint", args.mountPoint === store.mountPoint, `at ${store.mountPoint}`],
    ["device", isSameDevice, store.device === undefined ? "on no device of its own" : `on ${store.device}`],
    ["fileSystem", args.fileSystem === store.fileSystem, store.fileSystem ?? "what was mounted already"],
  ];
  return changed
    .filter(([path, isSame]) => !isSame && (path === "mountPoint" || !store.unfinished))
    .map(([path, , present]) => ({
      path,
      message: `the store is ${present}, and cannot be changed in place. Take it out of the program and run pulumi up, then declare it anew`,
    }));
}

function sizeRefusals(args: BackingStoreArgs, facts: HostFacts): Problem[] {
  const ramMb = Math.floor(facts.memory.totalKib / 1024);
  if (args.fileSystem !== "tmpfs" || tmpfsBytes(args) / 1024 ** 2 <= ramMb) return [];
  return [
    {
      path: "size",
      message: `is ${formatMib(tmpfsBytes(args) / 1024 ** 2)}, but a tmpfs is in RAM, of which the host has ${formatMib(ramMb)}; declare less`,
    },
  ];
}

/** xfs mounts all the same where a device cannot do it, and only the kernel's log says so. */
function daxRefusals(args: BackingStoreArgs, { device, isMounted, mounted }: ObservedStore): Problem[] {
  if (!args.dax || device?.realPath === undefined) return [];
  if (!device.canDax) {
    const why = "it is no fsdax namespace, or one whose size is no multiple of 16 MiB, which the kernel leaves raw";
    return [{ path: "dax", message: `${args.device} cannot be mounted with DAX: ${why}. See ndctl list --namespaces` }];
  }
  if (!isMounted || mounted?.isDax) return [];
  const how = "Once its guests are gone, unmount it; the next pulumi up mounts it with DAX";
  return [
    { path: "dax", message: `${args.mountPoint} is mounted without DAX, which cannot be changed in place. ${how}` },
  ];
}

function deviceRefusals(args: BackingStoreArgs, have: ObservedStore, facts: HostFacts): Problem[] {
  const problem = (message: string) => [{ path: "device", message }];
  const { device } = have;
  if (args.device === undefined || device === undefined) return [];
  if (device.realPath === undefined) {
    const store = facts.journal.objects.get("BackingStore")?.store;
    const isAway = store?.device === args.device && !have.mounted;
    const away = `. The store at ${args.mountPoint} is away with it, and libvirt waits for it; bring the disk back and boot, or run pulumi up`;
    const compare = "; compare with ls -l /dev/disk/by-id there";
    return problem(`${args.device} does not exist on the host, or is no block device${isAway ? away : compare}`);
  }
  if (!isStableName(args.device) && !args.allowUnstableDeviceName) {
    return problem(
      `${args.device} can be another disk after a reboot; use its name in /dev/disk/by-id, or say allowUnstableDeviceName: true`,
    );
  }
  const user = have.isMounted ? undefined : whoUses(device);
  if (user !== undefined)
    return problem(
      `${args.device} is in use: ${user}. It is left alone; declare another device, or end that use first`,
    );
  if (device.isReadOnly)
    return problem(`${args.device} is read-only; declare another device, or see in the kernel's log why it is`);
  if (device.sizeBytes < minimumDeviceBytes) {
    const size = formatMib(Math.floor(device.sizeBytes / 1024 ** 2));
    return problem(
      `${args.device} has ${size}; a store needs ${formatMib(minimumDeviceBytes / 1024 ** 2)}. Declare a larger device`,
    );
  }
  if (have.isMounted) return [];
  if (device.unknown !== undefined) {
    return problem(
      `nobody can say what is on ${args.device}: ${device.unknown}. It is left alone; try blkid -p on it, and look at the kernel's log`,
    );
  }
  const content = whatIsOn(device);
  if (content === undefined || have.hasOurFileSystem || have.isUnfinished) return [];
  const signature = device.content;
  // Partitions that the kernel knows and the disk does not: somebody works on it at this moment.
  if (signature === undefined)
    return problem(`${args.device} is not blank: ${content}. Whoever works on it at this moment must end that first`);
  if (args.consentToWipe === signature) return [];
  if (have.isOfOtherType) {
    const keep = `declare fileSystem: "${device.signature["TYPE"]}" to keep it, or consentToWipe: "${signature}" to lose it`;
    return problem(`${args.device} is not blank: ${content}, which was made as this store earlier; ${keep}`);
  }
  const consent =
    args.consentToWipe === undefined
      ? `To lose it, say consentToWipe: "${signature}"`
      : `consentToWipe names "${args.consentToWipe}", which is something else; to lose what is there, say "${signature}"`;
  const keep = isStoreUuid(device.signature["UUID"])
    ? ". It looks like the store of another owner: to use it as it is, name that one in takeOverFrom (project/stack/resource)"
    : "";
  return problem(`${args.device} is not blank: ${content}${keep}. ${consent}`);
}

function mountPointRefusals(
  args: BackingStoreArgs,
  want: DesiredStore,
  have: ObservedStore,
  facts: HostFacts,
): Problem[] {
  const problem = (message: string) => [{ path: "mountPoint", message }];
  const entries = want.fstab === undefined ? [] : storeEntries(args, facts);
  const directory = facts.directories.get(args.mountPoint);
  if (directory && directory.realPath !== args.mountPoint) {
    return problem(`leads through a symbolic link; declare ${directory.realPath}`);
  }
  if (args.fileSystem !== undefined && directory?.unitFile !== undefined) {
    const instead = "or mount the store by it and leave device and fileSystem out";
    return problem(`has a unit file of its own, ${directory.unitFile}, beside ${fstabPath}. Remove it, ${instead}`);
  }
  const closed = closedWay(facts, args.mountPoint);
  if (closed !== undefined) return problem(closed);
  if (have.isMounted && args.device !== undefined && want.fstab === undefined) {
    const lack = `${args.device} is mounted, but blkid finds no UUID for ${fstabPath}`;
    return [{ path: "device", message: `${lack}. Add an entry with nofail for it by hand` }];
  }
  if (want.fstab !== undefined && !facts.files.has(fstabPath))
    return problem(`cannot be mounted at boot: the host has no ${fstabPath}; make one, which may be empty`);
  if (entries.length > 1) {
    const lines = entries.map((entry) => entry.raw.trim()).join("; ");
    return problem(
      `${fstabPath} has several entries for ${args.mountPoint}, and only one can count: ${lines}. Leave one of them`,
    );
  }
  if (have.isMounted && have.mounted?.isReadOnly) return problem(readOnlyMount(args.mountPoint));
  if (have.isMounted) return shrinkRefusals(args, have, facts);
  if (args.fileSystem === undefined) {
    return problem(`nothing is mounted at ${args.mountPoint}; name a device, or mount the store there first`);
  }
  if (have.mounted || directory?.isMountPoint) {
    const source = have.mounted?.source ?? "unknown";
    return problem(
      `something else is mounted at ${args.mountPoint}: ${source}. Unmount it, or declare another mountPoint`,
    );
  }
  if (directory?.obstacle !== undefined)
    return problem(`${directory.obstacle} is no directory; move it away, or declare another mountPoint`);
  const closedItself = closedMountPoint(facts, args.mountPoint);
  if (closedItself !== undefined) return problem(closedItself);
  if (directory?.exists && !directory.isEmpty) {
    return problem(`${args.mountPoint} is not empty, and a mount would cover what is in it; move that away first`);
  }
  const isOurs = facts.journal.objects.get("BackingStore")?.edits.some((edit) => edit.option === args.mountPoint);
  if (entries[0] && !isOurs && entries[0].raw !== want.fstab) {
    return problem(
      `${fstabPath} has an entry for ${args.mountPoint} already: ${entries[0].raw.trim()}. Remove it, or declare another mountPoint`,
    );
  }
  return [];
}

/** Files of a tmpfs may be sparse: the kernel would shrink it, and guests would die when they use their memory. */
function shrinkRefusals(args: BackingStoreArgs, have: ObservedStore, facts: HostFacts): Problem[] {
  if (args.fileSystem !== "tmpfs" || tmpfsBytes(args) >= (have.mounted?.totalBytes ?? 0)) return [];
  if (!facts.guestMemoryFiles.some((file) => isWithin(file.path, args.mountPoint))) return [];
  return [
    {
      path: "size",
      message: `guests have their memory in ${args.mountPoint}; it can only grow now. Declare at least what it has, or move or stop the guests first`,
    },
  ];
}

const packages: Record<Tool, string> = {
  "mkfs.ext4": "e2fsprogs",
  resize2fs: "e2fsprogs",
  "mkfs.xfs": "xfsprogs",
  xfs_growfs: "xfsprogs",
  "update-grub": "grub2-common",
};

function toolRefusals(args: BackingStoreArgs, have: ObservedStore, facts: HostFacts): Problem[] {
  const { fileSystem } = args;
  if (args.device === undefined || fileSystem === undefined || fileSystem === "tmpfs") return [];
  const grows: Tool = fileSystem === "ext4" ? "resize2fs" : "xfs_growfs";
  const tool: Tool | undefined = canGrow(have)
    ? grows
    : have.isMounted || have.hasOurFileSystem
      ? undefined
      : `mkfs.${fileSystem as "ext4" | "xfs"}`;
  if (tool === undefined || facts.tools.has(tool)) return [];
  return [{ path: "fileSystem", message: `${fileSystem} needs ${tool} on the host; install ${packages[tool]}` }];
}

/** A store that is in use is not unmounted, whatever is allowed: guests would go on in files that nobody sees. */
export function storeRemovalRefusals(facts: HostFacts, store: StoreRecord | undefined): Problem[] {
  if (!store?.mounted || !facts.fileSystems.some(({ mountPoint }) => mountPoint === store.mountPoint)) return [];
  const guests = guestsWithMemoryIn(facts, store.mountPoint);
  if (guests.length > 0) {
    const message = `guests have their memory in ${store.mountPoint}: ${guests.join(", ")}. Move or stop them first`;
    return [{ path: "", message }];
  }
  const directory = memoryDirectory(readMemoryBackingDir(facts));
  const offeredMb = fileBackedMemoryMb(facts, FileChanges.on(facts)) ?? 0;
  if (offeredMb === 0 || !isWithin(directory, store.mountPoint)) return [];
  const message = `Nova offers ${formatMib(offeredMb)} of file-backed memory, which ${store.mountPoint} holds: guests would fill the file system below it. Remove its FileBackedMemoryConfig first, or keep the store`;
  return [{ path: "", message }];
}
