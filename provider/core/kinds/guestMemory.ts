import { isWithin } from "../facts/fileSystems";
import type { Guest } from "../facts/guests";
import type { HostFacts } from "../facts/hostFacts";
import { defaultMemoryBackingDir, memoryDirectory, readMemoryBackingDir } from "./memoryDirectory";

/** A file that libvirt made for a guest's memory, with the guest if it runs. */
interface MemoryFile {
  path: string;
  usedBytes: number;
  guest: Guest | undefined;
}

/** What QEMU calls its memory backends. */
const backendName = /^([\w.-]+\.ram|ram-node\d+|mem[a-z]+\d+)$/;

/**
 * Memory files of guests, running or not. libvirt puts those of one guest into a directory `ID-NAME`, with at most 20
 * characters of the name (virDomainDefGetShortName), right below its own; whatever else is somewhere is not looked at.
 */
export function memoryFilesOf(facts: HostFacts): MemoryFile[] {
  const roots = [defaultMemoryBackingDir, memoryDirectory(readMemoryBackingDir(facts))];
  return facts.guestMemoryFiles.flatMap(({ path, usedBytes }) => {
    const root = roots.find((each) => path.startsWith(`${each}/`));
    const [directory = "", file = "", ...deeper] = root === undefined ? [] : path.slice(root.length + 1).split("/");
    const [, id, name] = /^(\d+)-(.+)$/.exec(directory) ?? [];
    if (id === undefined || name === undefined || deeper.length > 0 || !backendName.test(file)) return [];
    const isOwner = (guest: Guest) => guest.running && (guest.id ?? Number(id)) === Number(id);
    // Shortened by bytes, it can end within a character.
    const begun = name.replace(/\ufffd+$/, "");
    return [{ path, usedBytes, guest: facts.guests.find((guest) => isOwner(guest) && guest.name.startsWith(begun)) }];
  });
}

/** Memory files of guests that do not run, which a power loss leaves, below a directory. */
export function orphansIn(facts: HostFacts, directory: string): string[] {
  const orphans = memoryFilesOf(facts).filter(({ path, guest }) => guest === undefined && isWithin(path, directory));
  return orphans.map(({ path }) => path).sort();
}

/** Names of the running guests whose memory is in files below a directory. */
export function guestsWithMemoryIn(facts: HostFacts, directory: string): string[] {
  const names = memoryFilesOf(facts).flatMap(({ path, guest }) => (isWithin(path, directory) && guest?.name) || []);
  return [...new Set(names)].sort();
}
