import { blankDisks } from "../../lab/support/storeState";
import type { CoreHost, DeclaredHost } from "./coreHost";
import type { CutHost } from "./lab";
import type { Life } from "./life";
import { disk, impatient, mountPoint } from "./lives";

const unmount = ({ host }: CutHost) => host.succeed(`! mountpoint -q ${mountPoint} || umount ${mountPoint}`);
const store = { device: disk, fileSystem: "xfs", mountPoint };

/** A store in RAM: its size is in fstab alone. */
export function tmpfsLife(): Life {
  const inRam = (size: string) => ({ BackingStore: { fileSystem: "tmpfs", size, mountPoint } });
  return {
    name: "with a store in RAM",
    mountPoint,
    renew: async () => {},
    phases: [
      { name: "make a store in RAM", change: (core) => core.up(inRam("16 MiB")) },
      { name: "make it larger", change: (core) => core.up(inRam("24 MiB")) },
      { name: "take the store in RAM back", change: (core) => core.destroy(inRam("24 MiB")) },
    ],
  };
}

/** What somebody mounted by hand is used as it is, and with a device declared made safe at boot; it stays mounted. */
export function mountedLife(): Life {
  const used = { BackingStore: { mountPoint } };
  const adopted = { BackingStore: { device: disk, fileSystem: "ext4", mountPoint } };
  return {
    name: "with what somebody mounted",
    mountPoint,
    renew: async ({ host }) => {
      await host.succeed(`mountpoint -q ${mountPoint} || {
        mkfs.ext4 -q ${disk}; mkdir -p ${mountPoint}; mount ${disk} ${mountPoint}
        echo '${disk} ${mountPoint} ext4 defaults 0 2' >> /etc/fstab; systemctl daemon-reload; }`);
    },
    tidy: async (on) => {
      await unmount(on);
      await on.host.succeed(
        `sed -i '\\# ${mountPoint} #d' /etc/fstab; systemctl daemon-reload; rmdir -p ${mountPoint} || :`,
      );
      await blankDisks(on.host);
    },
    phases: [
      { name: "use what is mounted", change: (core) => core.up(used) },
      { name: "use it no more", change: (core) => core.destroy(used) },
      { name: "adopt the device that is mounted", change: (core) => core.up(adopted) },
      { name: "give it back", change: (core) => core.destroy(adopted) },
    ],
  };
}

/** A store that a destroy kept is found again. */
export function keptLife(): Life {
  const declared = { BackingStore: store };
  return {
    name: "with a file system that was kept",
    mountPoint,
    renew: async ({ host, core, cutter }) => {
      if ((await host.execute(`blkid -p ${disk}`)).exitCode === 0) return;
      cutter.cutAt(0);
      await core.up(declared);
      await core.destroy(declared);
    },
    tidy: ({ host }) => blankDisks(host),
    phases: [
      { name: "find the store again", change: (core) => core.up(declared) },
      { name: "take it back again", change: (core) => core.destroy(declared), isCutElsewhere: true },
    ],
  };
}

/** Store and file-backed memory pass to another owner, the latter with a change. */
export function takenOverLife(): Life {
  const memory = { memoryBackingDir: mountPoint, healthTimeoutSeconds: 30 };
  const former = ({ host }: CoreHost) => `project/stack/${host.name}`;
  const taken = (core: CoreHost) => ({ owner: `${former(core)}-taken`, takeOverFrom: former(core) });
  const all = (core: CoreHost): DeclaredHost => ({
    BackingStore: { ...store, ...taken(core) },
    FileBackedMemoryConfig: { ...memory, capacity: "600 MiB", ...taken(core) },
  });
  return {
    name: "with another owner",
    mountPoint,
    renew: ({ host }) => blankDisks(host),
    phases: [
      {
        name: "make store and memory",
        isCutElsewhere: true,
        change: (core) =>
          core.up(
            { BackingStore: store, FileBackedMemoryConfig: { ...memory, capacity: "512 MiB" } },
            { change: impatient },
          ),
      },
      { name: "take the store over", change: (core) => core.up({ BackingStore: all(core)["BackingStore"]! }) },
      {
        name: "take the memory over, and change it",
        change: (core) =>
          core.up({ FileBackedMemoryConfig: all(core)["FileBackedMemoryConfig"]! }, { change: impatient }),
      },
      {
        name: "take both back",
        isCutElsewhere: true,
        change: (core) => core.destroy(all(core), { change: impatient }),
      },
    ],
  };
}

/** A boot without the store left libvirt refused, and nova-compute ended: what mounts it starts both. */
export function mendedLife(): Life {
  const declared = { BackingStore: store };
  const sockets = "libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket";
  return {
    name: "after a boot without the store",
    mountPoint,
    renew: ({ host }) => blankDisks(host),
    phases: [
      { name: "make the store", isCutElsewhere: true, change: (core) => core.up(declared) },
      {
        name: "mend what the boot left",
        before: async ({ host }) => {
          await host.succeed(
            `systemctl stop nova-compute ${sockets} libvirtd; umount ${mountPoint}; systemctl start ${sockets}`,
          );
          await host.fail("timeout 20 virsh -q list");
        },
        down: ["libvirt", "nova-compute"],
        change: (core) => core.up(declared),
      },
      { name: "take the mended store back", isCutElsewhere: true, change: (core) => core.destroy(declared) },
    ],
  };
}
