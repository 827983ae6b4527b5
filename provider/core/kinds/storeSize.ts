import { parseSize, toMib } from "../size";
import type { BackingStoreArgs } from "./backingStore";
import type { ObservedStore } from "./storeState";

const mib = 1024 ** 2;

/**
 * What a file system of ours can hold at least, known before it is made. Measured for xfs and ext4 as `make_file_system`
 * makes them, from 320 MiB to 8 TiB, the two lost less than this in every case: a fixed part for the log, a hundredth for
 * small ones, and 1/512 for the growth of their own structures.
 */
export function promisedBytes(deviceBytes: number): number {
  const lost = 128 * mib + Math.min(deviceBytes / 100, 1024 * mib) + deviceBytes / 512;
  return Math.max(0, Math.floor((deviceBytes - lost) / mib) * mib);
}

/** Smaller devices are refused: mkfs.xfs refuses below 300 MiB, and a promise of less is no store. */
export const minimumDeviceBytes = 320 * mib;

/** Whole MiB. */
export function tmpfsBytes(args: Pick<BackingStoreArgs, "size">): number {
  return toMib(parseSize(args.size ?? 0)) * mib;
}

/** A file system may leave the end of its device unused where that makes no whole group of its blocks. */
const unusedBytes = 64 * mib;

/** True if the device below a mounted store is larger than its file system. Others may have left room on purpose. */
export function canGrow({ isMounted, isMadeByUs, mounted, device }: ObservedStore): boolean {
  if (!isMounted || !isMadeByUs || !mounted || !device) return false;
  const covered = device.extBytes ?? mounted.totalBytes + (device.xfsLogBytes ?? Number.POSITIVE_INFINITY);
  return device.sizeBytes - covered > unusedBytes;
}
