import * as fs from "node:fs";
import * as path from "node:path";
import { hostFolder, hostsFolder, openStateFolder } from "./places";
import { LabError } from "./process";
import type { Kind } from "./recipe";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in clock ticks since the machine's boot: field 22 of /proc/PID/stat. */
  startedAt: string;
  /** Which boot of the machine that was. */
  bootId: string;
}

/** What a lab host is made of, written before the first of it exists, so that anybody can remove it. */
export interface RegisterEntry {
  name: string;
  kind: Kind;
  /** The process whose end is the end of the host; none for a host that stays until it is taken down by name. */
  owner: ProcessIdentity | undefined;
  /** The third byte of its network, 10.213.N.0/30, and the number in the names of its interfaces. */
  number: number;
  hostname: string;
  /** Disks that are not plugged in, by their index. */
  unplugged?: number[];
  /**
   * The process that holds the running container, parent of systemd-nspawn, or that is the running machine; none while
   * the host is powered off.
   */
  container?: ProcessIdentity | undefined;
  /** Of a vm host: what its next start is made of. */
  machine?: MachineStart | undefined;
}

/** What the next start of a machine is made of. */
export interface MachineStart {
  /** The folder of kernel and initramfs. */
  bootFolder: string;
  /** The folder of a stopped machine to go on with, instead of booting. */
  resumeFrom?: string;
  /** Keeps its memory in files of its own, so that others can go on with it. */
  keepsMemory?: boolean;
}

/** Who is the process with this number now? Undefined if there is none, or only a dead one that nobody has waited for. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const status = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name may hold blanks and brackets: count from the last bracket, where field 3, the state, follows.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") {
      return undefined;
    }
    return { pid, startedAt: fields[19] ?? "", bootId: bootId() };
  } catch {
    return undefined;
  }
}

/** Is this very process still there? */
export function isAlive(identity: ProcessIdentity | undefined): boolean {
  const now = identity && identify(identity.pid);
  return now !== undefined && now.startedAt === identity?.startedAt && now.bootId === identity.bootId;
}

function bootId(): string {
  return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** All registered hosts. A folder whose entry cannot be read (its maker was killed in between) is returned by name alone. */
export function listEntries(): { entries: RegisterEntry[]; broken: string[] } {
  openStateFolder();
  const entries: RegisterEntry[] = [];
  const broken: string[] = [];
  for (const name of fs.readdirSync(hostsFolder())) {
    const entry = readEntry(name);
    if (entry) {
      entries.push(entry);
    } else {
      broken.push(name);
    }
  }
  return { entries, broken };
}

/** The entry of one host, or undefined. */
export function readEntry(name: string): RegisterEntry | undefined {
  try {
    return JSON.parse(fs.readFileSync(entryFile(name), "utf8")) as RegisterEntry;
  } catch {
    return undefined;
  }
}

/** The entry of a host that has to be there. */
export function entryOf(name: string): RegisterEntry {
  const entry = readEntry(name);
  if (!entry) {
    throw new LabError(`there is no lab host named ${name}`);
  }
  return entry;
}

/** Writes an entry so that a reader sees the old one or the new one. */
export function writeEntry(entry: RegisterEntry): void {
  const temporary = `${entryFile(entry.name)}.${process.pid}`;
  fs.writeFileSync(temporary, JSON.stringify(entry, undefined, 2));
  fs.renameSync(temporary, entryFile(entry.name));
}

/**
 * Takes a free name and number for a new host. To be called under the lab's lock.
 * @param wanted A name that must be free, or the beginning of one that is made unique with the number.
 */
export function register(
  wanted: { name: string; exact: boolean },
  rest: Pick<RegisterEntry, "kind" | "owner"> & { hostname?: string },
): RegisterEntry {
  const { entries } = listEntries();
  const number = freeNumber(entries);
  const name = wanted.exact ? wanted.name : `${wanted.name}-${number}`;
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) {
    throw new LabError(`"${name}" cannot be a host's name: small letters, digits and hyphens only`);
  }
  if (fs.existsSync(hostFolder(name))) {
    throw new LabError(`a lab host named ${name} exists already`);
  }
  const entry = { ...rest, name, number, hostname: rest.hostname ?? name };
  fs.mkdirSync(hostFolder(name), { mode: 0o700 });
  writeEntry(entry);
  return entry;
}

function freeNumber(entries: RegisterEntry[]): number {
  const taken = new Set(entries.map((entry) => entry.number));
  const routes = fs.readFileSync("/proc/net/fib_trie", "utf8");
  for (let number = 1; number < 255; number++) {
    if (!taken.has(number) && !routes.includes(`10.213.${number}.`)) {
      return number;
    }
  }
  throw new LabError("all 254 networks below 10.213.0.0/16 are taken");
}

function entryFile(name: string): string {
  return path.join(hostFolder(name), "host.json");
}
