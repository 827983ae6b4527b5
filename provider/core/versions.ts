import semver from "semver";
import type { VersionFacts } from "./facts/versions";

/** A feature and the oldest versions that have it, each with its source. */
export interface Minimum {
  feature: string;
  libvirt?: string;
  qemu?: string;
  kernel?: string;
  nova?: string;
  systemd?: string;
  ndctl?: string;
  daxio?: string;
  source: string;
}

/** The one table of minimum versions; the documentation prints it. */
export const minimums = {
  fileBackedMemory: {
    feature: "file-backed memory",
    libvirt: "4.0.0",
    qemu: "2.6.0",
    nova: "18.0.0",
    source: "Nova, doc/source/admin/file-backed-memory.rst",
  },
  discard: {
    feature: "discard of guest memory at shutdown",
    libvirt: "4.4.0",
    qemu: "2.10.0",
    nova: "18.0.0",
    source: "Nova, doc/source/admin/file-backed-memory.rst",
  },
  providerConfig: {
    feature: "a trait by provider.yaml",
    nova: "22.0.0",
    source: "Nova, doc/source/admin/managing-resource-providers.rst",
  },
  poolsByKernel: {
    feature: "pools of each node by the kernel's command line",
    kernel: "5.16.0",
    source: "Linux, Documentation/admin-guide/kernel-parameters.txt, hugepages=",
  },
  persistentMemory: {
    feature: "persistent memory for guests",
    libvirt: "5.0.0",
    qemu: "3.1.0",
    nova: "20.0.0",
    kernel: "4.2.0",
    ndctl: "62.0.0",
    daxio: "1.4.1",
    source: "Nova, specs/train/approved/virtual-persistent-memory.rst",
  },
  persistentMemoryAsDocumented: {
    feature: "persistent memory for guests, as Nova documents it",
    libvirt: "5.0.0",
    qemu: "3.1.0",
    nova: "20.0.0",
    kernel: "4.18.0",
    ndctl: "62.0.0",
    daxio: "1.6.0",
    source: "Nova, doc/source/admin/virtual-persistent-memory.rst",
  },
  persistentMemoryMigration: {
    feature: "live migration of guests with persistent memory",
    nova: "21.0.0",
    source: "Nova, specs/ussuri/approved/support-live-migration-with-virtual-persistent-memory.rst",
  },
  apply: {
    feature: "applying a change",
    systemd: "236.0.0",
    source: "systemd-run --collect, systemd NEWS",
  },
} as const satisfies Record<string, Minimum>;

const names = {
  libvirt: "libvirt",
  qemu: "QEMU",
  kernel: "the kernel",
  nova: "Nova",
  systemd: "systemd",
  ndctl: "ndctl",
  daxio: "daxio",
} as const;

/**
 * What a host lacks for a feature, as a sentence without an end, and what to do. A version that could not be found counts
 * as lacking: Nova would decide by the real one, later.
 */
export function lacking(minimum: Minimum, versions: VersionFacts): { lack: string; advice: string }[] {
  return (Object.keys(names) as (keyof typeof names)[]).flatMap((name) => {
    const needed = minimum[name];
    const found = versions[name];
    if (needed === undefined || (found !== undefined && semver.gte(found, needed))) return [];
    const has = found === undefined ? `${names[name]} was not found on the host` : `the host has ${found}`;
    const advice = `${found === undefined ? "install" : "upgrade"} it there first, or leave this host out`;
    return [{ lack: `${minimum.feature} needs ${names[name]} ${needed} or newer, and ${has}`, advice }];
  });
}
