import type { Sections } from "./sections";

/** A guest that libvirt knows on this host, from its own files (libvirt need not run to read them). */
export interface Guest {
  name: string;
  /** False for a guest that is only defined: it gets its memory at its next start. */
  running: boolean;
  memoryKib: number;
  /** Memory from files, as file-backed memory makes it. */
  fileBacked: boolean;
  hugePages: boolean;
  /** `<locked/>`: the whole guest stays in RAM, whatever backs it. */
  locked: boolean;
}

const interesting =
  "<(domstatus |name>|memory |hugepages|locked/?>|source type=.file./?>|/domain>)|^[[:space:]]*<domain ";

export const collectGuests = `
for xml in /run/libvirt/qemu/*.xml /etc/libvirt/qemu/*.xml; do
  [ -f "$xml" ] || continue
  section "guest $xml"
  grep -E '${interesting}' "$xml" || :
done
section guest-memory
for directory in /var/lib/libvirt/qemu/ram $(sed -n 's/^[[:space:]]*memory_backing_dir[[:space:]]*=[[:space:]]*"\\([^"]*\\)".*/\\1/p' /etc/libvirt/qemu.conf 2>/dev/null); do
  [ -d "$directory" ] && find "$directory" -xdev -type f -exec stat -c '%b %B %n' {} + || :
done
`;

export function parseGuests(sections: Sections): Guest[] {
  const guests = new Map<string, Guest>();
  for (const [path, xml] of sections.withPrefix("guest")) {
    const name = /<name>([^<]*)<\/name>/.exec(xml)?.[1];
    if (name === undefined) continue;
    const running = path.startsWith("/run/");
    if (guests.get(name)?.running) continue;
    guests.set(name, {
      name,
      running,
      memoryKib: Number(/<memory unit=['"]KiB['"]>(\d+)</.exec(xml)?.[1] ?? 0),
      fileBacked: /<source type=['"]file['"]\/?>/.test(xml),
      hugePages: xml.includes("<hugepages"),
      locked: xml.includes("<locked"),
    });
  }
  return [...guests.values()];
}

/** A file that holds a guest's memory. */
export interface GuestMemoryFile {
  path: string;
  /** Blocks it really takes, in bytes. */
  usedBytes: number;
}

export function parseGuestMemoryFiles(sections: Sections): GuestMemoryFile[] {
  return sections.lines("guest-memory").flatMap((line) => {
    const match = /^(\d+) (\d+) (.*)$/.exec(line);
    return match ? [{ path: match[3]!, usedBytes: Number(match[1]) * Number(match[2]) }] : [];
  });
}
