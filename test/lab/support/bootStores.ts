import { defaultMemoryBackingDir } from "../../../provider/core/kinds/memoryDirectory";

/** A store of a machine that boots: what its device is, and where guests' memory is in it. */
export interface BootStore {
  name: string;
  device: string;
  mountPoint: string;
  /** Undefined leaves libvirt's default. */
  memoryBackingDir?: string;
  /** Where libvirt puts guests' memory files. */
  memoryDirectory: string;
  /** Scripts in which `$1` and `$2` are the first two disks. */
  make: string;
  end: string;
  /** Which of the machine's disks it is on. */
  disks: number[];
}

const byDefault = { mountPoint: defaultMemoryBackingDir, memoryDirectory: defaultMemoryBackingDir };
const moved = {
  mountPoint: "/srv/guests/store",
  memoryBackingDir: "/srv/guests/store",
  memoryDirectory: "/srv/guests/store/libvirt/qemu",
};
const uuid = "0f0e0d0c:0b0a0908:07060504:03020100";

export const bootStores: BootStore[] = [
  {
    name: "a disk, at libvirt's own directory",
    device: "/dev/disk/by-id/virtio-HOSTMEM_LAB_0001",
    ...byDefault,
    make: ":",
    end: ":",
    disks: [0],
  },
  {
    name: "a logical volume, with memory_backing_dir moved into it",
    device: "/dev/guests/memory",
    ...moved,
    make: "vgcreate -q guests $1; lvcreate -q -y -n memory -L 640M guests",
    end: "vgremove -q -f guests; pvremove -q $1",
    disks: [0],
  },
  {
    name: "an md array, at libvirt's own directory",
    device: `/dev/disk/by-id/md-uuid-${uuid}`,
    ...byDefault,
    make: `mdadm --create /dev/md/memory --run --quiet --level=1 --raid-devices=2 --assume-clean --uuid=${uuid} $1 $2`,
    end: `mdadm --quiet --stop $(readlink -f /dev/disk/by-id/md-uuid-${uuid}); mdadm --quiet --zero-superblock $1 $2`,
    disks: [0, 1],
  },
];
