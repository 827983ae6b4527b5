import semver from "semver";
import { majorOf } from "./traits";

/** What one major version of Nova is, and needs. */
export interface Release {
  /** Its name, for messages. */
  name: string;
  /** MIN_LIBVIRT_VERSION and MIN_QEMU_VERSION of nova/virt/libvirt/driver.py: below, nova-compute does not start. */
  libvirt: string;
  qemu: string;
  /** SERVICE_VERSION of nova/objects/service.py, which other services know a nova-compute by. */
  service: number;
  /** What OLDEST_SUPPORTED_SERVICE_VERSION comes to there: beside an older nova-compute this one does not start. */
  oldestService?: number;
}

/** By Nova's major version; constants of its first release. */
export const releases: Readonly<Record<number, Release>> = {
  18: { name: "Rocky", libvirt: "1.3.1", qemu: "2.5.0", service: 35 },
  19: { name: "Stein", libvirt: "3.0.0", qemu: "2.8.0", service: 37 },
  20: { name: "Train", libvirt: "3.0.0", qemu: "2.8.0", service: 40 },
  21: { name: "Ussuri", libvirt: "4.0.0", qemu: "2.11.0", service: 51 },
  22: { name: "Victoria", libvirt: "5.0.0", qemu: "4.0.0", service: 53 },
  23: { name: "Wallaby", libvirt: "6.0.0", qemu: "4.2.0", service: 56, oldestService: 52 },
  24: { name: "Xena", libvirt: "6.0.0", qemu: "4.2.0", service: 60, oldestService: 54 },
  25: { name: "Yoga", libvirt: "6.0.0", qemu: "4.2.0", service: 61, oldestService: 57 },
  26: { name: "Zed", libvirt: "6.0.0", qemu: "4.2.0", service: 64, oldestService: 61 },
  27: { name: "2023.1", libvirt: "6.0.0", qemu: "4.2.0", service: 66, oldestService: 61 },
  28: { name: "2023.2", libvirt: "7.0.0", qemu: "5.2.0", service: 66, oldestService: 66 },
  29: { name: "2024.1", libvirt: "7.0.0", qemu: "5.2.0", service: 67, oldestService: 66 },
  30: { name: "2024.2", libvirt: "7.0.0", qemu: "5.2.0", service: 67, oldestService: 66 },
  31: { name: "2025.1", libvirt: "8.0.0", qemu: "6.2.0", service: 68, oldestService: 66 },
  32: { name: "2025.2", libvirt: "8.0.0", qemu: "6.2.0", service: 70, oldestService: 68 },
  33: { name: "2026.1", libvirt: "8.0.0", qemu: "6.2.0", service: 72, oldestService: 68 },
  34: { name: "2026.2", libvirt: "8.0.0", qemu: "6.2.0", service: 74, oldestService: 72 },
};

const known = Object.keys(releases).map(Number);

/** The row for a version: the last one for what is newer than the table, the first one for what is older. */
export function releaseOf(nova: string): Release {
  return releases[Math.min(Math.max(majorOf(nova), Math.min(...known)), Math.max(...known))]!;
}

/** Compares versions as written, which may lack parts: "8.2" is 8.2.0. */
export function isOlder(version: string, than: string): boolean {
  return semver.lt(semver.coerce(version) ?? "0.0.0", semver.coerce(than) ?? "0.0.0");
}
