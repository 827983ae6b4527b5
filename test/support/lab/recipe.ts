import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { sourceFolder } from "./places";

/** What a kind of lab host is made of. */
export interface Recipe {
  packages: string[];
  /** Scripts of `image/` that run one after the other in the new root. */
  scripts: string[];
  /** Are the root's files put on a disk, with a kernel to boot them beside it? */
  isDisk?: true;
  /** A script of `image/` that runs once in the booted image, with all services up; its traces become part of the image. */
  firstRun: string | undefined;
}

/** The kinds of lab hosts. */
export type Kind = "nova" | "light" | "vm";

/** The distribution release that the lab is made of: the packages' names and files are this one's. */
export const release = "bookworm";

const basePackages = [
  ...["systemd", "systemd-sysv", "udev", "dbus", "openssh-server", "sudo", "python3"],
  ...["util-linux", "e2fsprogs", "xfsprogs", "iproute2", "procps"],
];

const novaPackages = [
  ...["libpam-systemd", "ca-certificates", "curl", "acl", "attr", "kmod", "lsof", "sqlite3"],
  // Not nova-compute-qemu, which brings an emulator for every architecture.
  ...["nova-compute", "nova-compute-kvm", "nova-conductor", "nova-scheduler", "nova-api"],
  ...["placement-api", "glance-api", "rabbitmq-server"],
  ...["libvirt-daemon-system", "libvirt-clients", "python3-libvirt", "qemu-system-x86", "qemu-utils"],
];

const machinePackages = [
  ...["linux-image-amd64", "initramfs-tools", "busybox-static", "apparmor"],
  ...["ndctl", "daxctl", "pmdk-tools", "numactl"],
  // Whatever can hold a disk, or be on one.
  ...["mdadm", "lvm2", "cryptsetup-bin", "bcache-tools", "drbd-utils", "fdisk"],
];

/** The packages and scripts of each kind. */
export const recipes: Record<Kind, Recipe> = {
  light: { packages: basePackages, scripts: ["common.sh", "clean.sh"], firstRun: undefined },
  nova: {
    packages: [...basePackages, ...novaPackages],
    scripts: ["common.sh", "nova-configure.sh", "nova-databases.sh", "clean.sh"],
    firstRun: "nova-first-run.sh",
  },
  vm: {
    packages: [...basePackages, ...novaPackages, ...machinePackages],
    scripts: ["common.sh", "nova-configure.sh", "nova-databases.sh", "clean.sh", "vm-configure.sh"],
    isDisk: true,
    firstRun: undefined,
  },
};

/** The beginnings of the names of files that only some kinds use. */
const ownFiles: Record<string, Kind[]> = { "nova-": ["nova", "vm"], "vm-": ["vm"] };

/** Identifies an image by everything it is made of; another recipe is another image. */
export function recipeHash(kind: Kind): string {
  const hash = createHash("sha256").update(JSON.stringify([release, process.arch, recipes[kind]]));
  const folder = path.join(sourceFolder(), "image");
  for (const file of fs.readdirSync(folder).sort()) {
    // What only another kind uses must not make this one be built again.
    const users = Object.entries(ownFiles).find(([beginning]) => file.startsWith(beginning))?.[1];
    if (!users || users.includes(kind)) {
      hash.update(file).update(fs.readFileSync(path.join(folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 12);
}
