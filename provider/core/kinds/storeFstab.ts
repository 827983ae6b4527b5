import semver from "semver";
import type { HostFacts } from "../facts/hostFacts";
import { type FstabEntry, fstabLine, parseFstab, withSource } from "../files/fstab";
import type { BackingStoreArgs } from "./backingStore";
import { isStableName } from "./deviceName";
import { tmpfsBytes } from "./storeSize";

export const fstabPath = "/etc/fstab";

/**
 * So that the host boots without the disk; only libvirt waits for it, and not for ever. An array that lost a disk is
 * started 30 s after its first one was found (mdadm-last-resort@.timer), which has to be within that time.
 */
const bootSafety = ["nofail", "x-systemd.device-timeout=90s"];

/**
 * The block device of an fsdax namespace is there once the kernel has made page structures for all of it, which takes tens
 * of seconds for each TiB. A mount that was given up is not tried again when it comes.
 */
const daxTimeout = "x-systemd.device-timeout=300s";

export function storeEntries(args: BackingStoreArgs, facts: HostFacts): FstabEntry[] {
  const text = facts.files.get(fstabPath)?.text ?? "";
  return parseFstab(text).filter((entry) => entry.mountPoint === args.mountPoint);
}

/**
 * The line of a store. What somebody wrote for a store that is mounted stays as it is, but for what a boot without the
 * disk, or with the disks in another order, needs.
 */
export function desiredFstab(
  args: BackingStoreArgs,
  isMounted: boolean,
  uuid: string | undefined,
  facts: HostFacts,
): string | undefined {
  if (args.fileSystem === undefined) return undefined;
  const present = storeEntries(args, facts).at(-1);
  if (args.fileSystem === "tmpfs") {
    return fstabLine("tmpfs", args.mountPoint, "tmpfs", [
      `size=${tmpfsBytes(args) / 1024 ** 2}M`,
      "mode=0755",
      "nofail",
    ]);
  }
  const ours = `UUID=${uuid}`;
  // Of a device that blkid cannot tell the UUID of, only what somebody wrote can stay.
  const dax = args.dax ? daxOption(facts) : undefined;
  if (uuid === undefined)
    return present && isStableName(present.source)
      ? safeAtBoot(present, present.source, args.fileSystem, dax)
      : undefined;
  if (present && (isMounted || present.source === ours)) return safeAtBoot(present, ours, args.fileSystem, dax);
  const options = withDax([...bootSafety, "noatime"], dax);
  return fstabLine(ours, args.mountPoint, args.fileSystem, options);
}

/** Linux knows `dax=always` from 5.8 on; before, DAX was an option without a value (Documentation/filesystems/dax.rst). */
function daxOption({ versions: { kernel } }: HostFacts): string {
  return kernel !== undefined && semver.lt(kernel, "5.8.0") ? "dax" : "dax=always";
}

/** With DAX, where that is wanted, and without what says otherwise. A time that somebody else chose stays. */
function withDax(options: readonly string[], dax: string | undefined): string[] {
  if (dax === undefined || options.includes(dax)) return [...options];
  const kept = options.filter((option) => !/^dax(=|$)/.test(option) && option !== "defaults");
  return [...kept.map((option) => (bootSafety.includes(option) && option !== "nofail" ? daxTimeout : option)), dax];
}

/** Options with which a store is not there after a boot, or not as it must be. */
const unsafe = new Set(["noauto", "ro"]);

function safeAtBoot(entry: FstabEntry, ours: string, fileSystem: string, dax: string | undefined): string {
  const isOther = entry.source.startsWith("UUID=") && entry.source.toLowerCase() !== ours.toLowerCase();
  const source = isStableName(entry.source) && !isOther ? entry.source : ours;
  const isRightType = entry.type === fileSystem || entry.type === "auto";
  const isRightDax = dax === undefined || entry.options.includes(dax);
  const isSafe = entry.options.includes("nofail") && !entry.options.some((option) => unsafe.has(option));
  const options = withDax(isSafe ? entry.options : safeOptions(entry.options), dax);
  if (!isRightType) return fstabLine(source, entry.mountPoint, fileSystem, options);
  return isSafe && isRightDax && source === entry.source ? entry.raw : withSource(entry, source, options);
}

function safeOptions(present: readonly string[]): string[] {
  const kept = present.filter((option) => !unsafe.has(option) && option !== "defaults");
  if (kept.includes("nofail")) return kept;
  const isTimed = kept.some((option) => option.startsWith("x-systemd.device-timeout="));
  return [...kept, ...(isTimed ? ["nofail"] : bootSafety)];
}
