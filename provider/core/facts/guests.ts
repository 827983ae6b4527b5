import { bytesOf, textOf } from "../files/bytes";
import { guestStateFunctions } from "../host/guestState";
import { deviceElements, type GuestDevices, parseGuestDevices } from "./guestDevices";
import { type GuestPages, pageElements, parseGuestPages, parsePageRequest, startTags } from "./guestPages";
import { localTypes } from "./localTypes";
import type { Sections } from "./sections";

/** A guest that libvirt knows on this host, from its own files (libvirt need not run to read them). */
export interface Guest extends GuestDevices {
  name: string;
  /** False for a guest that is only defined: it gets its memory at its next start. */
  running: boolean;
  /** libvirt's number of a running guest: part of the name of its memory directory. */
  id?: number;
  memoryKib: number;
  /** Memory from files, as file-backed memory makes it. */
  fileBacked: boolean;
  hugePages: boolean;
  /** Empty where it leaves the size to libvirt, or has none. */
  pages: GuestPages[];
  /** hw:mem_page_size of its flavor, null for none; undefined where Nova does not say. */
  pageRequest?: string | null;
  /** It has NUMA nodes of its own, as every guest has that asks for a page size, also for the ordinary one. */
  hasTopology: boolean;
  /** `<locked/>`: the whole guest stays in RAM, whatever backs it. */
  locked: boolean;
  /** What libvirt is at with it at this moment, in its own words, such as "migration out"; undefined for nothing. */
  job?: string;
  /** Persistent memory that it has, as its definition names it: `/dev/dax0.1`. Left out where it has none. */
  pmem?: string[];
}

/** The lines of a guest's XML that are read, as an extended regular expression. */
export const interestingLines = `<(domstatus |job |name>|memory |hugepages|${pageElements}|${deviceElements}|locked/?>|source type=.file./?>|path>/dev/dax|/domain>)|^[[:space:]]*<domain `;

/** Lines of one guest's definition that are looked at: far fewer than this. */
const xmlLimit = 65_536;

/**
 * Memory files are looked for before guests are read and printed after it, if they are still there: a guest that starts or
 * stops in between must not look like one that left its files behind. libvirt puts them into `ID-NAME` below its own
 * directory, or below `libvirt/qemu` in the one that is configured. Looked into are those two alone, whatever is mounted
 * at or above them, since the configured one may be all of a large disk; and only where the mount table says that they
 * are local, since a network file system whose server is away never answers. The digest comes first of all: an apply that
 * finds another one under the lock has this done again.
 */
export const collectGuests = `
section guest-digest
${guestStateFunctions}
guest_digest
memory_directories() {
  echo /var/lib/libvirt/qemu/ram
  sed -n 's/^[[:space:]]*memory_backing_dir[[:space:]]*=[[:space:]]*"\\([^"]*\\)".*/\\1\\/libvirt\\/qemu/p' /etc/libvirt/qemu.conf 2>/dev/null | tr -s /
}
is_local() {
  printf '%s\\n' "$1" | sed 's/ /\\\\040/g' | awk '
    NR == FNR { directory = $0 "/"; next }
    index(directory, ($5 == "/" ? "" : $5) "/") == 1 && length($5) >= length(found) { for (i = 7; i < NF && $i != "-"; i++); found = $5; type = $(i+1) }
    END { exit type !~ /^(${localTypes})$/ }' - /proc/self/mountinfo
}
memory_files=$(memory_directories | while IFS= read -r directory; do
  is_local "$directory" && timeout 5 find -H "$directory" -maxdepth 4 -xdev -type f 2>/dev/null </dev/null
done | sort -u)
for xml in /run/libvirt/qemu/*.xml /etc/libvirt/qemu/*.xml; do
  [ -f "$xml" ] || continue
  section "guest $xml"
  grep -E '${interestingLines}' "$xml" | head -c ${xmlLimit} || :
done
section guest-memory
printf '%s' "$memory_files" | tr '\\n' '\\0' | timeout 5 xargs -r -0 stat -c '%b %B %n' -- 2>/dev/null || :
`;

export function parseGuests(sections: Sections): Guest[] {
  const guests = new Map<string, Guest>();
  for (const [path, xml] of sections.withPrefix("guest")) {
    const written = /<name>([^<]*)<\/name>/.exec(xml)?.[1];
    if (written === undefined) continue;
    const name = textOf(unescaped(written));
    const running = path.startsWith("/run/");
    if (guests.get(name)?.running) continue;
    const memoryKib = Number(/<memory unit=['"]KiB['"]>(\d+)</.exec(xml)?.[1] ?? 0);
    const pageRequest = parsePageRequest(xml);
    const id = running ? /\bid=['"](\d+)['"]/.exec(startTag(xml, "domain"))?.[1] : undefined;
    const job = /\basync=['"]([^'"]*)['"]/.exec(startTag(xml, "job"))?.[1] ?? "none";
    const pmem = [...xml.matchAll(/<path>(\/dev\/dax[^<]*)<\/path>/g)].map((match) => textOf(match[1]!));
    guests.set(name, {
      name,
      running,
      ...(id === undefined ? {} : { id: Number(id) }),
      memoryKib,
      fileBacked: /<source type=['"]file['"]\/?>/.test(xml),
      hugePages: xml.includes("<hugepages"),
      pages: parseGuestPages(xml, memoryKib),
      ...(pageRequest === undefined ? {} : { pageRequest }),
      hasTopology: /<cell id=/.test(xml),
      locked: xml.includes("<locked"),
      ...(job === "none" ? {} : { job: textOf(job) }),
      ...(pmem.length > 0 ? { pmem } : {}),
      ...parseGuestDevices(xml, (text) => textOf(unescaped(text))),
    });
  }
  return [...guests.values()];
}

/** Stands for the guests that ran, and what libvirt was at with them. */
export function parseGuestDigest(sections: Sections): string {
  return sections.get("guest-digest").trim();
}

/** An element's first start tag; "" if there is none. */
function startTag(xml: string, element: string): string {
  return startTags(xml, element)[0] ?? "";
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** XML text as it is meant; like all that a host prints, one character a byte. */
function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return Object.hasOwn(entities, name) ? entities[name]! : whole;
    const code = Number.parseInt(decimal ?? hex!, decimal === undefined ? 16 : 10);
    return code > 0x10ffff ? whole : bytesOf(String.fromCodePoint(code));
  });
}

/** A file that holds a guest's memory. */
export interface GuestMemoryFile {
  path: string;
  /** Blocks it really takes, in bytes. */
  usedBytes: number;
}

export function parseGuestMemoryFiles(sections: Sections): GuestMemoryFile[] {
  return sections.lines("guest-memory").flatMap((line) => {
    const match = /^(\d+) (\d+) ([\s\S]*)$/.exec(line);
    return match ? [{ path: textOf(match[3]!), usedBytes: Number(match[1]) * Number(match[2]) }] : [];
  });
}
