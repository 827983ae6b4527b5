import { textOf } from "../files/bytes";
import { localTypes } from "./localTypes";
import type { Sections } from "./sections";

/** A mounted file system, by the kernel's mount table and statfs(2). */
export interface FileSystem {
  mountPoint: string;
  type: string;
  /** What is mounted: a device path for a disk. */
  source: string;
  /** `major:minor` of the device; the same for every mount of one file system. */
  device: string;
  /** No file can be made there: this mount, or the file system as a whole (`errors=remount-ro`, ext4(5)), is read-only. */
  isReadOnly?: true;
  totalBytes: number;
  /** Free for those who are not root, as QEMU is not. */
  availableBytes: number;
  /** Free, and kept for root: no guest's memory fits there. */
  reservedBytes?: number;
  /** Size of the block device below it, undefined where there is none. */
  deviceBytes?: number | undefined;
  /** Files are mapped from the device itself, without a copy in RAM (DAX). */
  isDax?: true;
}

/**
 * Only file systems of the host itself: statfs on a network file system whose server is away never returns. The mount
 * point is escaped in the kernel's table (proc(5)) with three octal digits. printf %b wants a 0 before them: it would take a
 * digit of the name for one more.
 */
export const collectFileSystems = `
section mounts
cat /proc/self/mountinfo
section statfs
awk '{ for (i = 7; i < NF && $i != "-"; i++); if ($(i+1) ~ /^(${localTypes})$/) print $3, $5 }' /proc/self/mountinfo |
sed 's/\\\\/\\\\0/g' |
while IFS=' ' read -r device mounted; do
  sectors=; [ -r "/sys/dev/block/$device/size" ] && read -r sectors <"/sys/dev/block/$device/size"
  timeout 5 stat -f -c "%S %b %a \${sectors:--} %f %n" -- "$(printf '%b' "$mounted")" 2>/dev/null || :
done
`;

/** proc(5): the options of a mount come before the dash, those of its file system at the end. */
export function parseFileSystems(sections: Sections): FileSystem[] {
  const sizes = new Map<string, Pick<FileSystem, "totalBytes" | "availableBytes" | "reservedBytes" | "deviceBytes">>();
  for (const line of sections.lines("statfs")) {
    const match = /^(\d+) (\d+) (\d+) (\d+|-) (\d+) ([\s\S]*)$/.exec(line);
    if (!match) continue;
    const [, block, blocks, available, sectors, free, mountPoint] = match as unknown as [string, ...string[]];
    sizes.set(mountPoint!, {
      totalBytes: Number(blocks) * Number(block),
      availableBytes: Number(available) * Number(block),
      reservedBytes: (Number(free) - Number(available)) * Number(block),
      deviceBytes: sectors === "-" ? undefined : Number(sectors) * 512,
    });
  }
  const fileSystems: FileSystem[] = [];
  for (const line of sections.lines("mounts")) {
    const words = line.split(" ");
    const dash = words.indexOf("-", 6);
    const size = sizes.get(unescaped(words[4] ?? ""));
    if (dash < 0 || size === undefined) continue;
    fileSystems.push({
      mountPoint: textOf(unescaped(words[4]!)),
      type: words[dash + 1] ?? "",
      source: unescaped(words[dash + 2] ?? ""),
      device: words[2] ?? "",
      ...([words[5], words[dash + 3]].some((options) => options?.split(",").includes("ro"))
        ? { isReadOnly: true }
        : {}),
      ...size,
      ...(isDax(words[dash + 3] ?? "") ? { isDax: true } : {}),
    });
  }
  return fileSystems;
}

/** By what the kernel made of the options, where it did not turn DAX off: `dax=always`, or `dax` before Linux 5.8. */
function isDax(options: string): boolean {
  return options.split(",").some((option) => option === "dax" || option === "dax=always");
}

/** Blank, tab, newline and backslash are `\040` and so on in the kernel's mount table, see proc(5). */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The file system that holds a path: the longest mount point above it, the last one mounted there. */
export function fileSystemOf(fileSystems: readonly FileSystem[], path: string): FileSystem | undefined {
  let found: FileSystem | undefined;
  for (const candidate of fileSystems) {
    if (isWithin(path, candidate.mountPoint) && candidate.mountPoint.length >= (found?.mountPoint.length ?? 0)) {
      found = candidate;
    }
  }
  return found;
}

/** True if `path` is `directory` or below it. Both absolute. */
export function isWithin(path: string, directory: string): boolean {
  return directory === "/" || path === directory || path.startsWith(`${directory}/`);
}
