import { createHash } from "node:crypto";
import type { BlockDevice } from "../facts/blockDevices";
import type { FileSystem } from "../facts/fileSystems";
import type { HostFacts } from "../facts/hostFacts";
import type { StoreRecord } from "../facts/journal";
import type { BackingStoreArgs } from "./backingStore";
import { whatIsOn, whoUses } from "./deviceContent";
import { orphansIn } from "./guestMemory";
import { desiredFstab } from "./storeFstab";
import { promisedBytes, tmpfsBytes } from "./storeSize";

/** A store as it shall be. */
export interface DesiredStore {
  /** Of the file system; undefined where it is not ours to choose. */
  uuid: string | undefined;
  /** Usable, in MiB, as promised before anything is made. */
  sizeMb: number;
  /** As others in the same preview must see it. */
  fileSystem: FileSystem;
  /** Undefined where fstab is not ours to write. */
  fstab: string | undefined;
}

/** A store as it is. */
export interface ObservedStore {
  device: BlockDevice | undefined;
  /** The file system that is mounted at the mount point, if one is. */
  mounted: FileSystem | undefined;
  /** What is mounted there is the store. */
  isMounted: boolean;
  /** The device holds this store's file system, whole, mounted or not: the one we make, or the one we once found there. */
  hasOurFileSystem: boolean;
  /** It is we who made it. */
  isMadeByUs: boolean;
  /** The store's file system, but of another type than is declared now. */
  isOfOtherType: boolean;
  /** A cut run left the file system that we make, before anything could be in it. */
  isUnfinished: boolean;
  isBlank: boolean;
  realSizeMb: number;
  /** Memory files of guests that do not run: a power loss left them. */
  orphans: string[];
}

const mib = 1024 ** 2;

/**
 * The UUID of the file system that this owner makes on this device: the same every time, so that one which a cut run
 * made, or a destroy kept, is recognised. A version 5 UUID (RFC 9562) in a name space of our own.
 */
export function storeUuid(owner: string, device: string): string {
  const hash = createHash("sha1").update("pulumi-hostmem backing store\0").update(`${owner}\0${device}`).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

export function observeStore(args: BackingStoreArgs, facts: HostFacts): ObservedStore {
  const device = args.device === undefined ? undefined : facts.devices.get(args.device);
  const mounted = facts.fileSystems.findLast((fileSystem) => fileSystem.mountPoint === args.mountPoint);
  const isOnDevice = args.device === undefined || (device?.number !== undefined && mounted?.device === device.number);
  const isType = args.fileSystem === undefined || mounted?.type === args.fileSystem;
  const record = facts.journal.objects.get("BackingStore")?.store;
  const uuid = device?.signature["UUID"];
  const isDerived = uuid !== undefined && uuid === ourUuid(args, args.owner);
  const isFormers = uuid !== undefined && uuid === ourUuid(args, args.takeOverFrom);
  const isRecorded = uuid !== undefined && uuid === record?.uuid;
  const isDeclaredType = device?.signature["TYPE"] === args.fileSystem;
  const isStore = (isDerived || isRecorded || isFormers) && device?.isAmbivalent === false;
  const isKnown = isStore && isDeclaredType;
  return {
    device,
    mounted,
    isMounted: mounted !== undefined && isOnDevice && isType,
    hasOurFileSystem: isKnown && !device.isUnfinished,
    isMadeByUs: isKnown && !device.isUnfinished && (isDerived || isFormers || record?.mounted === true),
    isOfOtherType: isStore && !isDeclaredType,
    isUnfinished:
      (isDerived && device?.isUnfinished === true) || (device !== undefined && isBegun(args, device, record)),
    isBlank: device?.realPath !== undefined && whatIsOn(device) === undefined && whoUses(device) === undefined,
    realSizeMb: Math.floor((mounted?.totalBytes ?? 0) / mib),
    orphans: orphansIn(facts, args.mountPoint),
  };
}

/**
 * A run of ours was cut while it made the file system on this very disk. mkfs.ext4 writes its superblock last, so until then
 * nobody could say that it is ours; a superblock of anybody else would have a name.
 */
function isBegun(args: BackingStoreArgs, device: BlockDevice, record: StoreRecord | undefined): boolean {
  const isThere = record?.making !== undefined && record.making === device.identity && record.device === args.device;
  return isThere && !!device.content?.startsWith(unknownContent);
}

/** How a device's content is called that blkid and wipefs know nothing of, see `content_of` of the host's library. */
const unknownContent = "unknown content ";

export function desiredStore(args: BackingStoreArgs, have: ObservedStore, facts: HostFacts): DesiredStore {
  const sizeMb = desiredSizeMb(args, have);
  const uuid = have.isMounted || have.hasOurFileSystem ? have.device?.signature["UUID"] : ourUuid(args, args.owner);
  const fileSystem: FileSystem = {
    mountPoint: args.mountPoint,
    type: args.fileSystem ?? have.mounted?.type ?? "",
    source: args.device ?? args.fileSystem ?? "",
    device: `planned ${args.mountPoint}`,
    totalBytes: sizeMb * mib,
    availableBytes: sizeMb * mib,
    deviceBytes: have.device?.sizeBytes,
  };
  return { uuid, sizeMb, fileSystem, fstab: desiredFstab(args, have.isMounted, uuid, facts) };
}

/** What is promised of a whole device, or less where a file system that others made has less. */
function desiredSizeMb(args: BackingStoreArgs, have: ObservedStore): number {
  if (args.fileSystem === "tmpfs") return tmpfsBytes(args) / mib;
  const deviceBytes = have.device?.sizeBytes ?? have.mounted?.deviceBytes;
  const limits = deviceBytes === undefined ? [] : [promisedBytes(deviceBytes)];
  if (have.isMounted && have.mounted && !have.isMadeByUs) {
    limits.push(have.mounted.totalBytes - (have.mounted.reservedBytes ?? 0));
  }
  return limits.length === 0 ? 0 : Math.floor(Math.min(...limits) / mib);
}

function ourUuid(args: BackingStoreArgs, owner: string | undefined): string | undefined {
  return args.device === undefined || owner === undefined ? undefined : storeUuid(owner, args.device);
}

/** Only stores have such a UUID, made of a name (RFC 9562, version 5): tools that make file systems draw them by lot. */
export function isStoreUuid(uuid: string | undefined): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid ?? "");
}
