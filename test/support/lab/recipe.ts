import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { sourceFolder } from "./places";

/** What a kind of lab host is made of. */
export interface Recipe {
  packages: string[];
  /** Scripts of `image/` that run one after the other in the new root. */
  scripts: string[];
  /** A script of `image/` that runs once in the booted image, with all services up; its traces become part of the image. */
  firstRun: string | undefined;
}

/** The kinds of lab hosts. */
export type Kind = "nova" | "light";

/** The distribution release that the lab is made of: the packages' names and files are this one's. */
export const release = "bookworm";

const basePackages = [
  ...["systemd", "systemd-sysv", "udev", "dbus", "openssh-server", "sudo", "python3"],
  ...["util-linux", "e2fsprogs", "xfsprogs", "iproute2", "procps"],
];

/** The packages and scripts of each kind. */
export const recipes: Record<Kind, Recipe> = {
  light: { packages: basePackages, scripts: ["common.sh", "clean.sh"], firstRun: undefined },
  nova: {
    packages: [
      ...basePackages,
      ...["libpam-systemd", "ca-certificates", "curl", "acl", "attr", "kmod", "lsof", "sqlite3"],
      // Not nova-compute-qemu, which brings an emulator for every architecture.
      ...["nova-compute", "nova-compute-kvm", "nova-conductor", "nova-scheduler", "nova-api"],
      ...["placement-api", "glance-api", "rabbitmq-server"],
      ...["libvirt-daemon-system", "libvirt-clients", "python3-libvirt", "qemu-system-x86", "qemu-utils"],
    ],
    scripts: ["common.sh", "nova-configure.sh", "nova-databases.sh", "clean.sh"],
    firstRun: "nova-first-run.sh",
  },
};

/** Identifies an image by everything it is made of; another recipe is another image. */
export function recipeHash(kind: Kind): string {
  const hash = createHash("sha256").update(JSON.stringify([release, process.arch, recipes[kind]]));
  const folder = path.join(sourceFolder(), "image");
  for (const file of fs.readdirSync(folder).sort()) {
    // What only the other kind uses must not make this one be built again.
    if (kind === "nova" || !file.startsWith("nova-")) {
      hash.update(file).update(fs.readFileSync(path.join(folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 12);
}
