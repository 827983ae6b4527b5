import { textOf } from "../files/bytes";
import { bootLoaderPath, pageUnitLink, pageUnitPath } from "../host/pageLibrary";
import { folderOf } from "../host/paths";
import type { Sections } from "./sections";

/** Memory pages of a host: which sizes there are, what is in the pools, and who holds pages. */
export interface HugePageFacts {
  /** The ordinary page, getconf(1) PAGESIZE: 4 KiB on x86, 64 KiB on some aarch64 kernels. 0 where it says no such thing. */
  basePageKib: number;
  /** Flags of the processor that decide about sizes on x86: pse for 2 MiB, pdpe1gb for 1 GiB. */
  cpuFlags: string[];
  nodes: NumaNode[];
  /** One per node and size that the kernel has, empty ones too. */
  pools: HugePagePool[];
  /** Pages promised to somebody who has not touched them yet; the kernel counts them per size, not per node. */
  promised: { sizeKib: number; pages: number }[];
  /** The chosen word of /sys/kernel/mm/transparent_hugepage/enabled; undefined where the kernel has none. */
  transparent: string | undefined;
  /** Mounted hugetlbfs, and files in them, which hold pages even if no process has them open. */
  mounts: { mountPoint: string; files: string[] }[];
  holders: HugePageHolder[];
  /** What else sets pools at boot, as `where: what`. */
  otherSetters: string[];
  /** Arguments of the running kernel that are about huge pages. */
  kernelArguments: string[];
}

export interface NumaNode {
  id: number;
  totalKib: number;
  /** Free now, or given back by the kernel when it must: file pages and reclaimable slab. */
  availableKib: number;
}

export interface HugePagePool {
  node: number;
  sizeKib: number;
  /** nr_hugepages of the node. */
  total: number;
  free: number;
}

/** A process with huge pages of its own. */
export interface HugePageHolder {
  pid: number;
  name: string;
  kib: number;
}

/**
 * Only where a page is taken is anybody asked who has it: the kernel says so in each process's status, see proc(5). What
 * DPDK leaves in a hugetlbfs after it died is a file without a process.
 */
export const collectHugePages = `
section page-size
getconf PAGESIZE 2>/dev/null || :
section cpu-flags
sed -n '/^flags[[:space:]]*:/{s/.*: //p;q;}' /proc/cpuinfo | tr ' ' '\\n' | grep -xE 'pse|pdpe1gb' || :
section numa
for node in /sys/devices/system/node/node[0-9]*; do cat "$node/meminfo" 2>/dev/null || :; done
section huge-pages
taken=0
for pool in /sys/devices/system/node/node[0-9]*/hugepages/hugepages-*kB; do
  [ -r "$pool/nr_hugepages" ] || continue
  read -r total <"$pool/nr_hugepages"; read -r free <"$pool/free_hugepages"
  node=\${pool#*/node/node}; size=\${pool##*-}
  echo "\${node%%/*} \${size%kB} $total $free"
  [ "$total" = "$free" ] || taken=1
done
section huge-pages-promised
for pool in /sys/kernel/mm/hugepages/hugepages-*kB; do
  [ -r "$pool/resv_hugepages" ] || continue
  read -r promised <"$pool/resv_hugepages"; size=\${pool##*-}
  echo "\${size%kB} $promised"
  [ "$promised" = 0 ] || taken=1
done
section transparent-huge-pages
cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || :
section hugetlbfs
awk '{ for (i = 7; i < NF && $i != "-"; i++); if ($(i+1) == "hugetlbfs") print $5 }' /proc/self/mountinfo |
sed 's/\\\\/\\\\0/g' |
while IFS= read -r mounted; do
  mounted=$(printf '%b' "$mounted")
  printf 'mount %s\\n' "$mounted"
  [ "$taken" = 0 ] || timeout 5 find "$mounted" -xdev -type f 2>/dev/null | head -n 20 | sed 's/^/file /'
done
section huge-page-holders
if [ "$taken" = 1 ]; then
  awk 'FNR == 1 { name = "" } /^Name:/ { name = substr($0, 7) } /^Pid:/ { pid = $2 } /^HugetlbPages:/ && $2 > 0 { print pid, $2, name }' /proc/[0-9]*/status 2>/dev/null || :
fi
section huge-page-setters
for path in /etc/sysctl.conf /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf; do
  [ -f "$path" ] && grep -HE '^[[:space:]]*-?vm[./]nr_hugepages' "$path" || :
done
for path in /etc/default/grub /etc/default/grub.d/*.cfg; do
  [ "$path" = ${bootLoaderPath} ] || { [ -f "$path" ] && grep -HE '^[^#]*hugepages=' "$path"; } || :
done
for path in ${[bootLoaderPath, pageUnitPath].map(folderOf).join(" ")} ${bootLoaderPath} ${pageUnitPath} ${pageUnitLink}; do file "$path"; done
section kernel-arguments
tr ' ' '\\n' </proc/cmdline | grep -E '^(hugepages|hugepagesz|default_hugepagesz|transparent_hugepage)=' || :
`;

export function parseHugePages(sections: Sections): HugePageFacts {
  const texts = (name: string) => sections.lines(name).map(textOf);
  const kernelArguments = texts("kernel-arguments");
  const setters = texts("huge-page-setters").map((line) => line.replace(/:\s*/, ": "));
  const sizesAtBoot = kernelArguments.filter((each) => each.startsWith("hugepages="));
  return {
    basePageKib: parseBasePage(sections.lines("page-size")),
    cpuFlags: sections.lines("cpu-flags"),
    nodes: parseNodes(sections.get("numa")),
    pools: numbersOf(sections, "huge-pages", 4, 1)
      .map(([node = 0, sizeKib = 0, total = 0, free = 0]) => ({ node, sizeKib, total, free }))
      .sort((one, other) => one.node - other.node || one.sizeKib - other.sizeKib),
    promised: numbersOf(sections, "huge-pages-promised", 2, 0).map(([sizeKib = 0, pages = 0]) => ({ sizeKib, pages })),
    transparent: /\[(\w+)\]/.exec(sections.get("transparent-huge-pages"))?.[1],
    mounts: parseMounts(texts("hugetlbfs")),
    holders: texts("huge-page-holders").flatMap((line) => {
      const match = /^(\d+) (\d+) ([\s\S]*)$/.exec(line);
      return match ? [{ pid: Number(match[1]), kib: Number(match[2]), name: match[3]! }] : [];
    }),
    otherSetters: [...setters, ...sizesAtBoot.map((each) => `the kernel's command line: ${each}`)],
    kernelArguments,
  };
}

/** Every processor's page is a power of two. */
const isPageSize = (kib: number) => kib >= 1 && Number.isInteger(Math.log2(kib));

function parseBasePage(lines: readonly string[]): number {
  const kib = Number(/^\d{4,9}$/.exec(lines[0] ?? "")?.[0] ?? 0) / 1024;
  return lines.length === 1 && isPageSize(kib) ? kib : 0;
}

/** Lines of so many numbers, one of which is a size. A pool that cannot be is not one that is missing. */
function numbersOf(sections: Sections, name: string, columns: number, size: number): number[][] {
  return sections.lines(name).map((line) => {
    const numbers = /^\d{1,15}( \d{1,15})*$/.test(line) ? line.split(" ").map(Number) : [];
    if (numbers.length === columns && isPageSize(numbers[size]!)) return numbers;
    throw sections.unexpected(`the kernel says of huge pages what cannot be: ${textOf(line).slice(0, 60)}`);
  });
}

/** `Node 0 MemTotal:       20146388 kB`, and so on. A node of nothing but processors or devices has no memory. */
function parseNodes(text: string): NumaNode[] {
  const values = new Map<number, Map<string, number>>();
  for (const [, node, name, kib] of text.matchAll(/^Node (\d+) ([^:\n]+): +(\d{1,15}) kB$/gm)) {
    const known = values.get(Number(node)) ?? new Map<string, number>();
    values.set(Number(node), known.set(name!, Number(kib)));
  }
  const reclaimable = ["MemFree", "Active(file)", "Inactive(file)", "SReclaimable"];
  return [...values]
    .map(([id, known]) => ({
      id,
      totalKib: known.get("MemTotal") ?? 0,
      availableKib: reclaimable.reduce((sum, name) => sum + (known.get(name) ?? 0), 0),
    }))
    .filter((node) => node.totalKib > 0)
    .sort((one, other) => one.id - other.id);
}

function parseMounts(lines: readonly string[]): HugePageFacts["mounts"] {
  const mounts: HugePageFacts["mounts"] = [];
  for (const line of lines) {
    const value = line.slice(line.indexOf(" ") + 1);
    if (line.startsWith("mount ")) mounts.push({ mountPoint: value, files: [] });
    else mounts.at(-1)?.files.push(value);
  }
  return mounts;
}
