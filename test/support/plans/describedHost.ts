import type { Guest } from "../../../provider/core/facts/guests";
import type { HostFacts } from "../../../provider/core/facts/hostFacts";
import { type HostFile, sha256 } from "../../../provider/core/facts/hostFile";
import { byPackages, packagedQemuConf, withInstallation } from "../../../provider/core/facts/installation";
import { parseJournal } from "../../../provider/core/facts/journal";
import type { Probes } from "../../../provider/core/facts/probes";
import { Sections } from "../../../provider/core/facts/sections";
import { novaUnit, type UnitFacts } from "../../../provider/core/facts/units";
import { DescribedPages, type PagesDescription } from "./describedPages";
import { DescribedPmem, type PmemDescription } from "./describedPmem";
import { DescribedStorage, type StorageDescription } from "./describedStorage";

/** A host in a few words; whatever a case does not mention is as on a usual Debian compute host with a store of its own. */
export interface HostDescription extends StorageDescription {
  /** Lines of files, or what else there is at a path; null for a file that the host does not have. */
  files?: Record<
    string,
    string[] | { lines: string[]; realPath?: string; links?: number } | { directory: true } | { tooLarge: true } | null
  >;
  /** Arguments of nova-compute. */
  args?: string[];
  environment?: Record<string, string>;
  /** Name, state and enablement of nova-compute's unit; null where there is none. */
  nova?: {
    name?: string;
    activeState?: string;
    unitFileState?: string;
    rootDirectory?: string;
    rootImage?: string;
  } | null;
  /** Active state of libvirt's units. */
  libvirt?: Record<string, string>;
  guests?: {
    name: string;
    id?: number;
    memoryMib: number;
    is: ("running" | "in files" | "huge pages" | "locked" | "topology")[];
    job?: string;
    pageKib?: number;
    /** The host's node that its huge pages come from. */
    node?: number;
    pageRequest?: string | null;
    pmem?: string[];
  }[];
  pages?: PagesDescription;
  pmem?: PmemDescription;
  /** Programs that a plan may need. */
  tools?: string[];
  versions?: Partial<Record<"libvirt" | "qemu" | "nova" | "kernel" | "systemd" | "ndctl" | "daxio", string | null>>;
  ramGib?: number;
  /** Directories of deployment tools that the host has, and what Puppet's last run managed. */
  deployers?: { places?: string[]; puppet?: string[] };
  /** Its disk came from another machine, with our records on it. */
  isCopy?: boolean;
}

const usual: Required<Omit<HostDescription, "nova" | "files" | "pages" | "pmem">> & {
  files: Record<string, string[]>;
} = {
  files: {
    "/etc/nova/nova.conf": ["[DEFAULT]", "state_path = /var/lib/nova", "", "[libvirt]", "# a comment", ""],
    "/etc/nova/nova-compute.conf": ["[DEFAULT]", "[libvirt]", "virt_type = kvm", ""],
    "/etc/fstab": ["# /etc/fstab", "UUID=0b1c9d62-6f0e-4a0a-9c54-0c6fbb2a9d10 / ext4 errors=remount-ro 0 1", ""],
    "/etc/libvirt/qemu.conf": ["# Master configuration file", '#memory_backing_dir = "/var/lib/libvirt/qemu/ram"', ""],
  },
  args: [
    "--config-file=/etc/nova/nova.conf",
    "--config-file=/etc/nova/nova-compute.conf",
    "--log-file=/var/log/nova/nova-compute.log",
  ],
  environment: {},
  libvirt: { "libvirtd.service": "active", "libvirtd.socket": "active" },
  links: {},
  fileSystems: { "/": { total: 64, free: 40 }, "/var/lib/libvirt/qemu/ram": { total: 256, free: 256 } },
  guests: [],
  memoryFiles: {},
  devices: {},
  directories: {},
  access: {},
  mountUnits: {},
  tools: ["mkfs.ext4", "mkfs.xfs", "resize2fs", "xfs_growfs"],
  versions: {
    libvirt: "9.0.0",
    qemu: "7.2.22",
    nova: "26.2.2",
    kernel: "6.1.0",
    systemd: "252.0.0",
    ndctl: "76.1.0",
    daxio: "1.12.1",
  },
  ramGib: 32,
  deployers: {},
  isCopy: false,
};

/** A host that exists in memory only: facts as a facts script would give them, and files that plans can be applied to. */
export class DescribedHost {
  /** The libvirt daemon that a boot without the store has refused. */
  private refused: string | undefined;
  private readonly files = new Map<string, HostFile>();
  readonly storage: DescribedStorage;
  readonly pages: DescribedPages;
  readonly pmem: DescribedPmem;

  constructor(private description: HostDescription) {
    this.pages = new DescribedPages(description.pages ?? {});
    this.pmem = new DescribedPmem(description.pmem ?? {});
    this.storage = new DescribedStorage({ ...usual, ...description });
    for (const [path, content] of Object.entries({ ...usual.files, ...description.files })) {
      if (content === null) continue;
      if (Array.isArray(content)) this.write(path, content.join("\n"));
      else if ("lines" in content) {
        const file = hostFile(path, content.lines.join("\n"), content.realPath ?? path);
        this.files.set(path, { ...file, links: content.links ?? 1 });
      } else
        this.files.set(path, {
          ...hostFile(path, "", path),
          isRegular: "tooLarge" in content,
          tooLarge: "tooLarge" in content,
        });
    }
  }

  /** Content by either name of a file. */
  text(path: string): string | undefined {
    return (this.files.get(path) ?? [...this.files.values()].find((file) => file.realPath === path))?.text;
  }

  /** Writes to a file by its real path, or makes one. */
  write(path: string, text: string, realPath = path): void {
    const names = [...this.files.values()].filter((file) => file.realPath === path).map((file) => file.path);
    for (const name of names.length > 0 ? names : [path]) {
      this.files.set(name, hostFile(name, text, names.length > 0 ? path : realPath));
    }
  }

  setNova(nova: NonNullable<HostDescription["nova"]>): void {
    this.description = { ...this.description, nova: { ...this.description.nova, ...nova } };
  }

  remove(path: string): void {
    this.files.delete(path);
  }

  /** Boots without a store: its mount is not there, the daemon is refused, and nova-compute has ended. */
  bootWithout(mountPoint: string, daemon: string): void {
    this.storage.perform({ kind: "call", call: "unmount_store", args: [mountPoint], line: undefined }, "");
    this.refused = daemon;
  }

  startRefused(): void {
    this.refused = undefined;
  }

  /** @param probes what a kind asks for beside what every host is asked. */
  facts(probes?: Probes): HostFacts {
    const { description } = this;
    const units = this.units();
    const installation = probes?.installation ?? byPackages;
    for (const unit of units.values()) {
      if (unit.name === installation.novaUnit) unit.named = "nova-compute";
      if (unit.name === installation.libvirtUnit) unit.named = "libvirt";
    }
    const nova = novaUnit(units);
    const found = nova && {
      unit: nova,
      args: description.args ?? usual.args,
      home: "/var/lib/nova",
      environment: description.environment ?? usual.environment,
    };
    return {
      host: "compute-1",
      system: {
        hostname: "compute-1",
        kernel: "6.1.0-18-amd64",
        machineId: "0f".repeat(16),
        hostId: undefined,
        isCopy: description.isCopy ?? false,
        running: "0f0f compute-1",
        now: 1_795_262_000,
        bootedAt: 1_795_000_000,
      },
      units,
      files: new Map(this.files),
      novaCompute: found && withInstallation(found, installation, this.files),
      qemuConf: installation.qemuConf ?? packagedQemuConf,
      versions: this.versions(),
      memory: {
        totalKib: (description.ramGib ?? usual.ramGib) * 1024 ** 2,
        availableKib: this.pages.facts.nodes.reduce((sum, node) => sum + node.availableKib, 0),
      },
      hugePages: structuredClone(this.pages.facts),
      fileSystems: structuredClone(this.storage.fileSystems),
      guests: (description.guests ?? usual.guests).map(guestOf),
      guestDigest: "0f".repeat(32),
      guestMemoryFiles: this.storage.guestMemoryFiles(),
      pmem: structuredClone(this.pmem.facts),
      tools: new Set(description.tools ?? usual.tools),
      devices: structuredClone(this.storage.devices),
      directories: new Map((probes?.directories ?? []).map((path) => [path, this.storage.directory(path)])),
      journal: this.journal(),
      deployers: {
        places: new Set(description.deployers?.places),
        puppet: new Set(description.deployers?.puppet),
      },
    };
  }

  private units(): Map<string, UnitFacts> {
    const { nova = {}, libvirt = usual.libvirt } = this.description;
    const entries = Object.entries(libvirt).map(([name, state]) => [name, unit(name, state, "enabled")] as const);
    const name = nova?.name ?? "nova-compute.service";
    const ofNova = nova && {
      ...unit(name, nova.activeState ?? "active", nova.unitFileState ?? "enabled"),
      rootDirectory: nova.rootDirectory ?? "",
      rootImage: nova.rootImage ?? "",
    };
    const units = new Map<string, UnitFacts>([...entries, ...(ofNova ? [[name, ofNova] as const] : [])]);
    if (this.refused !== undefined) {
      units.set(this.refused, { ...unit(this.refused, "inactive", "enabled"), isRefused: true });
      const socket = this.refused.replace(/service$/, "socket");
      units.set(socket, unit(socket, "failed", "enabled"));
      if (ofNova) units.set(name, { ...ofNova, activeState: "inactive" });
    }
    return units;
  }

  private versions(): HostFacts["versions"] {
    const all = { ...usual.versions, ...this.description.versions };
    const of = (name: keyof typeof all) => all[name] ?? undefined;
    const { libvirt, qemu, nova } = { libvirt: of("libvirt"), qemu: of("qemu"), nova: of("nova") };
    const tools = { kernel: of("kernel"), systemd: of("systemd"), ndctl: of("ndctl"), daxio: of("daxio") };
    return { libvirt, qemu, nova, ...tools };
  }

  private journal(): HostFacts["journal"] {
    const applies = Sections.parse("compute-1", "nonce", "\nnonce applies\n\nnonce end\n");
    return parseJournal("compute-1", applies, this.files);
  }
}

function guestOf(guest: NonNullable<HostDescription["guests"]>[number]): Guest {
  const { name, id, memoryMib, is, job, pageKib, node, pageRequest, pmem } = guest;
  const memoryKib = memoryMib * 1024;
  return {
    name,
    ...(id === undefined ? {} : { id }),
    running: is.includes("running"),
    memoryKib,
    fileBacked: is.includes("in files"),
    hugePages: is.includes("huge pages") || pageKib !== undefined,
    pages: pageKib === undefined ? [] : [{ sizeKib: pageKib, kib: memoryKib, ...(node === undefined ? {} : { node }) }],
    ...(pageRequest === undefined ? {} : { pageRequest }),
    hasTopology: is.includes("topology") || pageKib !== undefined,
    locked: is.includes("locked"),
    ...(job === undefined ? {} : { job }),
    ...(pmem === undefined ? {} : { pmem }),
  };
}

function hostFile(path: string, text: string, realPath: string): HostFile {
  return {
    path,
    realPath,
    text,
    sha256: sha256(text),
    modifiedAt: 1_795_000_000,
    links: 1,
    isRegular: true,
    tooLarge: false,
  };
}

function unit(name: string, activeState: string, unitFileState: string): UnitFacts {
  const isActive = activeState === "active";
  return {
    name,
    loadState: "loaded",
    activeState,
    subState: isActive ? "running" : "dead",
    mainPid: isActive ? 4711 : 0,
    execStart: [],
    user: "root",
    rootDirectory: "",
    rootImage: "",
    unitFileState,
  };
}
