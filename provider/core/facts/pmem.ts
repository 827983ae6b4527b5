import { textOf } from "../files/bytes";
import type { Sections } from "./sections";

/** An interleave set of NVDIMMs, as the kernel presents it: what namespaces are cut from. */
export interface PmemRegion {
  /** `region0`: the kernel's number, the same as long as the DIMMs are. */
  dev: string;
  sizeBytes: number;
  /** The largest piece that a new namespace could have. */
  largestExtentBytes: number;
  /** Where it begins in the host's physical memory; undefined where the kernel does not say. */
  start: number | undefined;
  /** The kernel refuses sizes of namespaces that are no multiple of this. */
  alignBytes: number;
  /** Over how many DIMMs its addresses go in turn. */
  interleaveWays: number;
  numaNode: number | undefined;
  /** Namespaces in it have labels, and so sizes and names of their own. Without, one holds all of it and has no name. */
  isLabelled: boolean;
  isReadOnly: boolean;
  /** Alignments that a devdax namespace can have here; empty where the kernel cannot make one. */
  alignments: number[];
}

/** A namespace, as ndctl(1) and the kernel see it. */
export interface PmemNamespace {
  /** `namespace0.1`: the kernel's number of the moment. */
  dev: string;
  /** `region0`. */
  region: string;
  name: string | undefined;
  /** `devdax`, `fsdax`, `sector` or `raw`; one that is disabled is `raw` to ndctl, whatever is on it. */
  mode: string;
  isEnabled: boolean;
  /** What is there to use, in bytes. */
  usableBytes: number;
  /** What it takes of its region. */
  rawBytes: number;
  start: number | undefined;
  /** Made anew with what is on it, and shown by `ndctl list`. */
  uuid: string | undefined;
  /** Of its labels. */
  rawUuid: string | undefined;
  alignBytes: number | undefined;
  /** Where the kernel keeps its page structures: `dev` for in itself, `mem` for in RAM. */
  map: string | undefined;
  /** `dax0.1`, of one that is devdax and enabled. */
  device: string | undefined;
  /** It is in use as ordinary memory of the host (daxctl-reconfigure-device(1)). */
  isSystemRam: boolean;
  blockDevice: string | undefined;
  /** Processes that have its device open or mapped: `qemu-system-x86 (pid 12)`. */
  users: string[];
}

export interface PmemFacts {
  regions: PmemRegion[];
  namespaces: PmemNamespace[];
  /** Why ndctl could not list the namespaces. */
  failure: string | undefined;
}

const regionAttributes = "size max_available_extent available_size align mappings numa_node nstype read_only resource";

/**
 * ndctl says what Nova will see; what it does not say is in sysfs (Documentation/ABI/testing/sysfs-bus-nvdimm). Addresses
 * are shown to root alone.
 */
export const collectPmem = `
section pmem-regions
for region in /sys/bus/nd/devices/region[0-9]*; do
  [ -e "$region/mappings" ] || continue
  printf 'region=%s' "\${region##*/}"
  for name in ${regionAttributes}; do printf ' %s=%s' "$name" "$(cat "$region/$name" 2>/dev/null)"; done
  printf ' alignments=%s\\n' "$(tr -s ' ' , <"/sys/bus/nd/devices/$(cat "$region/dax_seed" 2>/dev/null)/supported_alignments" 2>/dev/null)"
done
section pmem-namespaces
for namespace in /sys/bus/nd/devices/namespace[0-9]*; do
  [ -e "$namespace/size" ] || continue
  printf 'namespace=%s' "\${namespace##*/}"
  for name in size resource uuid; do printf ' %s=%s' "$name" "$(cat "$namespace/$name" 2>/dev/null)"; done
  region=$(readlink -f -- "$namespace/.."); printf ' region=%s\\n' "\${region##*/}"
done
section pmem-list
if [ -d /sys/bus/nd ] && command -v ndctl >/dev/null 2>&1; then
  listed=$(bounded ndctl list --namespaces --device-dax --idle 2>/dev/null); echo $?
  printf '%s\\n' "$listed"
fi
section pmem-users
if ls /dev/dax[0-9]* >/dev/null 2>&1; then
  {
    grep -H -o '/dev/dax[0-9]*[.][0-9]*' /proc/[0-9]*/maps 2>/dev/null | sed 's|^/proc/\\([0-9]*\\)/maps:|\\1 |'
    find /proc/[0-9]*/fd -maxdepth 1 -lname '/dev/dax[0-9]*' -printf '%p %l\\n' 2>/dev/null </dev/null | sed 's|^/proc/\\([0-9]*\\)/fd/[0-9]* |\\1 |'
  } | sort -u | while read -r process device; do
    read -r command <"/proc/$process/comm" 2>/dev/null || continue
    printf '%s %s (pid %s)\\n' "\${device#/dev/}" "$command" "$process"
  done
fi
`;

/** The parts of `ndctl list` that are looked at; all but the first may be missing. */
interface Listed {
  dev: string;
  mode?: string;
  map?: string;
  size?: number;
  uuid?: string;
  name?: string;
  align?: number;
  state?: string;
  blockdev?: string;
  daxregion?: { align?: number; devices?: { chardev?: string; mode?: string }[] };
}

const texts = ["dev", "mode", "map", "uuid", "name", "state", "blockdev", "chardev"];
const sizes = ["size", "align"];

/** Whatever it has under a name that is looked at is what ndctl puts there. */
function isListed(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const isRight = ([name, each]: [string, unknown]) => {
    if (texts.includes(name)) return typeof each === "string";
    if (sizes.includes(name)) return Number.isSafeInteger(each) && (each as number) >= 0;
    if (name === "daxregion") return isListed(each);
    return name !== "devices" || (Array.isArray(each) && each.every(isListed));
  };
  return Object.entries(value).every(isRight);
}

export function parsePmem(sections: Sections): PmemFacts {
  const [code = "", ...text] = sections.get("pmem-list").split("\n");
  const listed = readList(code, text.join("\n"));
  const users = sections.lines("pmem-users").map((line) => {
    const at = line.indexOf(" ");
    return { device: line.slice(0, at), user: textOf(line.slice(at + 1)) };
  });
  const raw = sections.lines("pmem-namespaces").map(attributes);
  return {
    regions: sections
      .lines("pmem-regions")
      .map(attributes)
      .map((words) => parseRegion(words, sections)),
    // The kernel keeps one of no size ready for whoever makes the next.
    namespaces: listed.namespaces
      .map((each) => {
        const attributesOf = raw.find((one) => one["namespace"] === each.dev);
        return parseNamespace(each, attributesOf, users);
      })
      .filter(({ rawBytes }) => rawBytes > 0)
      .sort((one, other) => one.dev.localeCompare(other.dev, "en", { numeric: true })),
    failure: listed.failure,
  };
}

/** ndctl prints an array, and nothing where there is no namespace. */
function readList(code: string, text: string): { namespaces: Listed[]; failure: string | undefined } {
  if (code === "") return { namespaces: [], failure: undefined };
  if (code !== "0") return { namespaces: [], failure: `ndctl list ended with code ${code}` };
  if (text.trim() === "") return { namespaces: [], failure: undefined };
  try {
    const listed: unknown[] = [JSON.parse(textOf(text)) as unknown].flat();
    if (listed.every((each) => isListed(each) && /^namespace\d+\.\d+$/.test((each as Listed).dev))) {
      return { namespaces: listed as Listed[], failure: undefined };
    }
    return { namespaces: [], failure: "what ndctl list printed are no namespaces" };
  } catch {
    return { namespaces: [], failure: "what ndctl list printed is no JSON" };
  }
}

function attributes(line: string): Record<string, string> {
  return Object.fromEntries(
    line.split(" ").map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );
}

/** Devices of persistent memory have type 4 for a namespace without labels, and 5 with (linux/ndctl.h). */
const labelledType = "5";

function parseRegion(words: Record<string, string>, sections: Sections): PmemRegion {
  const ways = number(words["mappings"]) || 1;
  const dev = words["region"] ?? "";
  if (!/^region\d+$/.test(dev)) {
    throw sections.unexpected(`the kernel says of persistent memory what cannot be: ${textOf(dev).slice(0, 60)}`);
  }
  return {
    dev,
    sizeBytes: number(words["size"]) ?? 0,
    largestExtentBytes: number(words["max_available_extent"]) ?? number(words["available_size"]) ?? 0,
    start: number(words["resource"]),
    alignBytes: number(words["align"]) || defaultRegionAlign(ways),
    interleaveWays: ways,
    // The kernel's -1 is for no node.
    numaNode: number(words["numa_node"]),
    isLabelled: words["nstype"] === labelledType,
    isReadOnly: words["read_only"] === "1",
    alignments: (words["alignments"] ?? "").split(",").flatMap((each) => number(each) || []),
  };
}

/** Kernels before 5.7 do not say; newer ones use this (default_align in drivers/nvdimm/region_devs.c). */
function defaultRegionAlign(ways: number): number {
  const align = 16 * 1024 ** 2;
  return align % ways === 0 ? align : align * ways;
}

function parseNamespace(
  listed: Listed,
  raw: Record<string, string> | undefined,
  users: readonly { device: string; user: string }[],
): PmemNamespace {
  const [device] = listed.daxregion?.devices ?? [];
  const isSystemRam = listed.daxregion?.devices?.some(({ mode }) => mode === "system-ram") ?? false;
  return {
    dev: listed.dev,
    region: raw?.["region"] || `region${/^namespace(\d+)\./.exec(listed.dev)?.[1] ?? ""}`,
    name: listed.name || undefined,
    mode: listed.mode ?? "raw",
    isEnabled: listed.state !== "disabled",
    usableBytes: listed.size ?? 0,
    rawBytes: number(raw?.["size"]) ?? listed.size ?? 0,
    start: number(raw?.["resource"]),
    uuid: listed.uuid,
    rawUuid: raw?.["uuid"] || undefined,
    alignBytes: listed.daxregion?.align ?? listed.align,
    map: listed.map,
    device: device?.chardev,
    isSystemRam,
    blockDevice: listed.blockdev,
    users: users.filter((each) => each.device === device?.chardev).map(({ user }) => user),
  };
}

/** Decimal or `0x…`; undefined for none, and for an address that the kernel hides. */
function number(text: string | undefined): number | undefined {
  const value = /^(0x[0-9a-f]+|\d+)$/.test(text ?? "") ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
