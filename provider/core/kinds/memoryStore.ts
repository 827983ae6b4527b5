import { type FileSystem, fileSystemOf, isWithin } from "../facts/fileSystems";
import type { HostFacts } from "../facts/hostFacts";
import { memoryFilesOf } from "./guestMemory";
import type { Surroundings } from "./kind";
import { promisedBytes } from "./storeSize";

/** The host with the file systems that resources before this one are going to mount. */
export function withPlannedStores(facts: HostFacts, { planned }: Surroundings): HostFacts {
  const stores = planned.flatMap((effect) => effect.fileSystems);
  return stores.length === 0 ? facts : { ...facts, fileSystems: [...facts.fileSystems, ...stores] };
}

/** The file system that a path is on, also behind symbolic links where the path was asked about. */
export function fileSystemHolding(facts: HostFacts, path: string): FileSystem | undefined {
  return fileSystemOf(facts.fileSystems, facts.directories.get(path)?.realPath ?? path);
}

/** One part in this many is left to the growth of a file system that is on no device of its own. */
const metadataShare = 256;

/** How much guest memory a file system can hold, in whole MiB, rounded down. */
interface StoreCapacity {
  /** What is free for QEMU, which is not root, and what files in the memory directory take already. */
  mib: number;
  /** The same, but what is no memory of a running guest takes its room. */
  nowMib: number;
  /** Nothing but the size of its device limits it, so it changes only with that. */
  isOfWholeDevice: boolean;
  mountPoint: string;
}

export function storeCapacity(facts: HostFacts, directory: string): StoreCapacity | undefined {
  const store = fileSystemHolding(facts, directory);
  if (!store) return undefined;
  // Of a whole device the same is promised before and after its file system is made.
  const most =
    store.deviceBytes === undefined ? store.totalBytes * (1 - 1 / metadataShare) : promisedBytes(store.deviceBytes);
  const files = facts.guestMemoryFiles.filter((file) => isWithin(file.path, directory));
  const guests = memoryFilesOf(facts).filter(({ path, guest }) => guest !== undefined && isWithin(path, directory));
  const room = (taken: readonly { usedBytes: number }[]) =>
    store.availableBytes + taken.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  const mib = (bytes: number) => Math.max(0, Math.floor(Math.min(bytes, most) / 1024 ** 2));
  return {
    mib: mib(room(files)),
    nowMib: mib(room(guests)),
    isOfWholeDevice: store.deviceBytes !== undefined && room(files) >= most,
    mountPoint: store.mountPoint,
  };
}
