import { randomBytes } from "node:crypto";
import { type BlockDevice, collectBlockDevices, parseBlockDevices } from "./blockDevices";
import { collectDeployers, type DeployerFacts, parseDeployers } from "./deployers";
import { collectDirectories, type Directory, parseDirectories } from "./directories";
import { collectFileSystems, type FileSystem, parseFileSystems } from "./fileSystems";
import {
  collectGuests,
  type Guest,
  type GuestMemoryFile,
  parseGuestDigest,
  parseGuestMemoryFiles,
  parseGuests,
} from "./guests";
import { type HostFile, parseHostFiles } from "./hostFile";
import { collectHugePages, type HugePageFacts, parseHugePages } from "./hugePages";
import { packagedQemuConf } from "./installation";
import { collectJournal, collectLock, type Journal, parseJournal } from "./journal";
import { collectMemory, type MemoryFacts, parseMemory } from "./memory";
import { collectNovaCompute, type NovaComputeFacts, parseNovaCompute } from "./novaCompute";
import { collectPmem, type PmemFacts, parsePmem } from "./pmem";
import { noProbes, type Probes } from "./probes";
import { Sections, sectionPrelude } from "./sections";
import { collectSystem, parseSystem, type SystemFacts } from "./system";
import { collectTools, parseTools } from "./tools";
import { collectUnits, parseUnits, type UnitFacts } from "./units";
import { collectVersions, parseVersions, type VersionFacts } from "./versions";

/** Everything that any kind looks at, read in one round trip. */
export interface HostFacts {
  /** The connection's host, for messages. */
  host: string;
  system: SystemFacts;
  units: ReadonlyMap<string, UnitFacts>;
  /** Configuration files by the path that their reader uses. */
  files: ReadonlyMap<string, HostFile>;
  /** Undefined where no nova-compute service is installed. */
  novaCompute: NovaComputeFacts | undefined;
  /** Where libvirt's qemu.conf is, or would be. */
  qemuConf: string;
  versions: VersionFacts;
  memory: MemoryFacts;
  hugePages: HugePageFacts;
  fileSystems: FileSystem[];
  guests: Guest[];
  /** Stands for the guests that run, and what libvirt is at with them. */
  guestDigest: string;
  guestMemoryFiles: GuestMemoryFile[];
  pmem: PmemFacts;
  /** Programs that a plan may need and the host has. */
  tools: ReadonlySet<string>;
  /** By path, as probed. */
  devices: ReadonlyMap<string, BlockDevice>;
  directories: ReadonlyMap<string, Directory>;
  journal: Journal;
  deployers: DeployerFacts;
}

/** A facts script and the nonce that its answer is framed with. It changes nothing on the host. */
export interface FactsScript {
  script: string;
  nonce: string;
}

export function factsScript(probes: Probes = noProbes): FactsScript {
  const nonce = randomBytes(16).toString("hex");
  const script = [
    sectionPrelude(nonce),
    collectLock,
    collectSystem,
    collectUnits(probes.installation),
    collectNovaCompute(probes.installation),
    collectVersions,
    collectMemory,
    collectHugePages,
    collectFileSystems,
    collectGuests,
    collectPmem,
    collectJournal,
    collectTools,
    collectDeployers,
    collectBlockDevices(probes.devices),
    collectDirectories(probes.directories),
    "section end\n",
  ].join("");
  return { script, nonce };
}

/**
 * @param output what the script printed, latin1.
 * @param probes what it was asked beside what every host is.
 */
export function parseFacts(
  host: string,
  nonce: string,
  output: string,
  { installation }: Probes = noProbes,
): HostFacts {
  const sections = Sections.parse(host, nonce, output);
  const files = parseHostFiles(sections);
  const units = parseUnits(sections, installation);
  return {
    host,
    system: parseSystem(sections),
    units,
    files,
    novaCompute: parseNovaCompute(sections, units, files, installation),
    qemuConf: installation.qemuConf ?? packagedQemuConf,
    versions: parseVersions(sections),
    memory: parseMemory(sections),
    hugePages: parseHugePages(sections),
    fileSystems: parseFileSystems(sections),
    guests: parseGuests(sections),
    guestDigest: parseGuestDigest(sections),
    guestMemoryFiles: parseGuestMemoryFiles(sections),
    pmem: parsePmem(sections),
    tools: parseTools(sections),
    devices: parseBlockDevices(sections),
    directories: parseDirectories(sections),
    journal: parseJournal(host, sections, files),
    deployers: parseDeployers(sections),
  };
}
