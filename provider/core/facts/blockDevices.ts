import { deviceChecks } from "../host/deviceChecks";
import { quote } from "../quote";
import type { Sections } from "./sections";

/** A block device that somebody asked about, as the kernel and util-linux see it. Read without writing to it. */
export interface BlockDevice {
  /** As asked for. */
  path: string;
  /** With links resolved, `/dev/nvme0n1`; undefined if there is no such block device. */
  realPath: string | undefined;
  /** `major:minor`, as the mount table has it. */
  number: string;
  /** A hash of what tells this disk from any other, and of its size; undefined where the kernel knows nothing such. */
  identity?: string | undefined;
  sizeBytes: number;
  isReadOnly: boolean;
  /** Its files can be mapped without a copy in RAM (DAX), as those of an fsdax namespace can. */
  canDax: boolean;
  /** Partitions, dm or md devices and so on that the kernel has on top of it, by kernel name. */
  holders: string[];
  partitions: string[];
  /** Mount points of it and of everything above it. */
  mountPoints: string[];
  /** It, or something on it, is in use as swap. */
  isSwap: boolean;
  /** What `blkid -p` finds: type, UUID, label, partition table; empty for none. */
  signature: Record<string, string>;
  /** `blkid -p` finds several at once and cannot decide. */
  isAmbivalent: boolean;
  /** All that is on it, in the words of a refusal and of a consent; undefined for a blank one, and where `unknown` says why. */
  content: string | undefined;
  /** Why nobody can say what is on it, undefined if blkid, wipefs and partx can. */
  unknown: string | undefined;
  /** Who has it in use beside what the kernel knows of, undefined for nobody. */
  busy: string | undefined;
  /** An xfs whose mkfs was cut: it has its UUID, and nobody can ever have mounted it. */
  isUnfinished: boolean;
  /** How much of the device an ext file system covers, by its superblock. */
  extBytes: number | undefined;
  /** Size of an xfs' log: what statfs(2) leaves out of its size. */
  xfsLogBytes: number | undefined;
}

/**
 * Offsets of superblocks: ext4_super_block and xfs_dsb in the kernel's sources. `sb_inprogress` is set until mkfs.xfs has
 * written everything; mkfs.ext4 writes its superblock last and needs no such mark.
 */
export function collectBlockDevices(paths: readonly string[]): string {
  const probe = `
section_device() {
  section "device $1"
  real=$(readlink -f -- "$1") || real=
  [ -n "$real" ] && [ -b "$real" ] || { echo missing; return 0; }
  sys=/sys/class/block/\${real##*/}
  echo "real $real"
  echo "number $(cat "$sys/dev" 2>/dev/null)"
  echo "identity $(identity_of "$real")"
  echo "size $(blockdev --getsize64 "$real" 2>/dev/null)"
  echo "readonly $(blockdev --getro "$real" 2>/dev/null)"
  for flag in "$sys/queue/dax" "$sys/../queue/dax"; do [ ! -r "$flag" ] || { echo "dax $(cat "$flag")"; break; }; done
  for holder in "$sys"/holders/*; do [ -e "$holder" ] && echo "holder \${holder##*/}"; done
  for part in "$sys"/*/partition; do
    [ -e "$part" ] || continue
    part=\${part%/partition}; echo "partition \${part##*/}"
    for holder in "$part"/holders/*; do [ -e "$holder" ] && echo "holder \${holder##*/}"; done
  done
  lsblk -nro MOUNTPOINT -- "$real" 2>/dev/null | sed -n 's/^\\(..*\\)$/mount \\1/p'
  awk -v real="$real" 'NR > 1 && $1 == real { print "swap" }' /proc/swaps
  found=$(blkid -p -o export -- "$real" 2>/dev/null); [ $? != 8 ] || echo ambivalent
  printf '%s\\n' "$found" | sed 's/^/blkid /'
  content_of "$real"
  why_busy "$real" | sed -n '1s/^/busy /p'
  case $found in
    *TYPE=ext[234]*)
      echo "ext $(od --endian=little -An -v -t u4 -j 1028 -N 24 -- "$real" | tr -d '\\n') $(od --endian=little -An -t u4 -j 1360 -N 4 -- "$real")" ;;
    *TYPE=xfs*)
      echo "xfs $(od --endian=big -An -t u4 -j 4 -N 4 -- "$real") $(od --endian=big -An -t u4 -j 96 -N 4 -- "$real") $(od -An -t u1 -j 126 -N 1 -- "$real")" ;;
  esac
}
`;
  return deviceChecks + probe + paths.map((path) => `section_device ${quote(path)}\n`).join("");
}

export function parseBlockDevices(sections: Sections): Map<string, BlockDevice> {
  return new Map(sections.withPrefix("device").map(([path, content]) => [path, parseDevice(path, content)]));
}

function parseDevice(path: string, content: string): BlockDevice {
  const lines = content.split("\n").filter((line) => line !== "");
  const all = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const numbers = (name: string) => all(name)[0]?.trim().split(/\s+/).map(Number);
  const signature = Object.fromEntries(
    all("blkid")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const)
      .filter(([name]) => name !== "DEVNAME"),
  );
  const mounts = all("mount").map(unescaped);
  const [xfsBlock = 0, xfsLogBlocks = 0, inProgress = 0] = numbers("xfs") ?? [];
  return {
    path,
    realPath: all("real")[0],
    number: all("number")[0] ?? "",
    identity: all("identity").find((text) => text !== ""),
    sizeBytes: Number(all("size")[0] ?? 0),
    isReadOnly: all("readonly")[0] === "1",
    canDax: all("dax")[0] === "1",
    holders: [...new Set(all("holder"))],
    partitions: all("partition"),
    mountPoints: [...new Set(mounts.filter((mount) => mount !== "[SWAP]"))],
    isSwap: lines.includes("swap") || mounts.includes("[SWAP]"),
    signature,
    isAmbivalent: lines.includes("ambivalent"),
    content: all("content").find((text) => text !== ""),
    unknown: all("unknown")[0],
    busy: all("busy")[0],
    isUnfinished: inProgress === 1,
    extBytes: extBytes(numbers("ext")),
    xfsLogBytes: xfsLogBlocks > 0 ? xfsLogBlocks * xfsBlock : undefined,
  };
}

/** From `s_blocks_count_lo` up to `s_log_block_size`, and `s_blocks_count_hi`. */
function extBytes(words: readonly number[] | undefined): number | undefined {
  if (words?.length !== 7) return undefined;
  return (words[0]! + words[6]! * 2 ** 32) * 1024 * 2 ** words[5]!;
}

/** lsblk(8) --raw writes blanks and so on as `\x20`. */
function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
