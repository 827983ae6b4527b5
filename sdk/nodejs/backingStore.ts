import type * as pulumi from "@pulumi/pulumi";
import { HostResource } from "./hostResource";
import type { HostArgs, Size } from "./types";

/** What a `BackingStore` takes. */
export interface BackingStoreArgs extends HostArgs {
  /**
   * Disk, partition, logical volume or md device that holds guest memory, by a name that is the same disk after every boot:
   * /dev/disk/by-id/…, /dev/VG/LV, /dev/md/NAME. It must be blank, or hold the file system that this resource once made on
   * it, and have 320 MiB or more. Blank is what no tool knows anything of, and what begins and ends with zeros, as after
   * blkdiscard(8).
   *
   * Default: none; then a file system must be mounted at `mountPoint` already, or `fileSystem` be "tmpfs".
   *
   * Refused: a device that does not exist, holds anything (see `consentToWipe`), is a guest's disk, or is in use,
   * read-only or unreadable.
   *
   * @example "/dev/disk/by-id/nvme-MT0032KEXUU_1234"
   */
  device?: pulumi.Input<string>;
  /**
   * `"xfs"` or `"ext4"` on a device (mkfs.xfs(8), mkfs.ext4(8)), `"tmpfs"` (tmpfs(5)) for a store in RAM, to try things
   * out. Default: "xfs" on a device; without one, whatever is mounted.
   *
   * Refused: another one than the store on the device has, and one whose tools the host lacks.
   *
   * @example "ext4"
   */
  fileSystem?: pulumi.Input<"ext4" | "xfs" | "tmpfs">;
  /**
   * Directory where the store is mounted, now and by fstab(5): at or above libvirt's `memory_backing_dir` (qemu.conf).
   * An absolute path in ASCII. Default: /var/lib/libvirt/qemu/ram, libvirt's own default.
   *
   * Refused: a directory that is not empty, or that something else is mounted at or has an entry in fstab for.
   *
   * @example "/srv/guest-memory"
   */
  mountPoint?: pulumi.Input<string>;
  /**
   * Size of a tmpfs (its mount option `size`, tmpfs(5)): text with a binary unit, or a number of MiB. Required there; a
   * device has a size of its own. Default: none.
   *
   * Refused: less than before while guests have their memory in it.
   *
   * @example "4 GiB"
   */
  size?: pulumi.Input<Size>;
  /**
   * What you give up, in the words of the refusal: file systems and partition tables as blkid(8) knows them, with what is
   * in the partitions; a hash where nobody knows. Good for exactly that content on exactly that device. Default: none; a
   * device with any content is refused.
   *
   * Refused: a signature that is not the device's. A device in use is refused whatever is said here.
   *
   * @example "ext4 UUID=0b1c9d62-6f0e-4a0a-9c54-0c6fbb2a9d10"
   */
  consentToWipe?: pulumi.Input<string>;
  /**
   * Accepts a `device` whose name can be another disk after a reboot, such as /dev/sdb; fstab names the UUID in any case.
   * Default false: refused.
   *
   * @example true
   */
  allowUnstableDeviceName?: pulumi.Input<boolean>;
  /**
   * Removes memory files of guests that do not run, as a power loss leaves them, unless a process still uses one. Default
   * false: a warning names them.
   *
   * @example true
   */
  removeOrphans?: pulumi.Input<boolean>;
  /**
   * Mounts the store with DAX, so that guests' memory is the device itself and no copy in RAM: for an fsdax namespace of
   * persistent memory (`ndctl create-namespace --mode=fsdax`). Adds `dax=always` to its entry in fstab, and believes only what
   * the kernel made of it: xfs mounts without a word where the device cannot do it. Default: not asked for.
   *
   * Refused: a device that cannot do it, and a store that is mounted without.
   *
   * @example true
   */
  dax?: pulumi.Input<boolean>;
}

/**
 * Disk space for guest memory on one host: a file system, mounted where libvirt puts guests' memory files, now and at every
 * boot. The host boots without the disk, too; libvirt then does not start, so that guests never fill the root disk instead.
 *
 * Nothing on a device is ever overwritten without a consent that names it. Destroying the resource unmounts the store
 * and keeps what is on it; making it again finds it, by the file system's UUID, which comes from the owner
 * (`project/stack/name`) and the text of `device`. Destroyed and made again under another name for either, it is foreign.
 *
 * What somebody mounted by hand is used as it is, keeps its size, and stays mounted after a destroy. With `device`, its
 * entry in fstab is made safe for a boot without the disk; without, it keeps its own behaviour at boot.
 *
 * `device`, `mountPoint` and `fileSystem` of a store that exists cannot be changed in place: take the resource out of the
 * program, run `pulumi up`, and declare it anew.
 *
 * @example
 * ```ts
 * new BackingStore("compute-1", {
 *     connection: { host: "compute-1.example.net", user: "deploy" },
 *     device: "/dev/disk/by-id/nvme-MT0032KEXUU_1234",
 * });
 * ```
 */
export class BackingStore extends HostResource {
  /** @internal */
  public static readonly __pulumiType = "pulumi-nodejs:dynamic/hostmem:BackingStore";

  /** Where the store is mounted, as declared; undefined for the default. */
  public readonly mountPoint!: pulumi.Output<string | undefined>;
  /** Guest memory that the store can hold, in MiB, rounded down. Known in a preview, before the file system is made. */
  public readonly sizeMb!: pulumi.Output<number>;
  /** What the file system really has, in MiB. */
  public readonly realSizeMb!: pulumi.Output<number>;
  /** UUID of the file system. Known in a preview. */
  public readonly uuid!: pulumi.Output<string | undefined>;
  /** Memory files of guests that do not run. */
  public readonly orphans!: pulumi.Output<string[]>;

  constructor(name: string, args: BackingStoreArgs, options?: pulumi.CustomResourceOptions) {
    super("BackingStore", name, args, ["mountPoint", "sizeMb", "realSizeMb", "uuid", "orphans"], options);
  }
}
