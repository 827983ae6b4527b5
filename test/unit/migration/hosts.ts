import type { HostTraits, MigrationProfile } from "../../../provider/core/migration/traits";

/** An ordinary host of Debian 12. */
export const plain: HostTraits = {
  nova: "26.2.2",
  libvirt: "9.0.0",
  qemu: "7.2.22",
  fileBacked: false,
  basePageKib: 4,
  pageSizes: [4],
  pmem: [],
  postCopy: false,
};

export const fileBacked: HostTraits = { ...plain, fileBacked: true };

/** A host of one release with what came out with it. */
export function ofNova(nova: string, more: Partial<HostTraits> = {}): HostTraits {
  return { ...plain, nova, libvirt: "11.0.0", qemu: "10.0.0", ...more };
}

export function named(host: string, traits: HostTraits): MigrationProfile {
  return { host, ...traits };
}
