/** Something that can be on a disk, made by its own tools. In a script, `$1` is the device. */
export interface Content {
  make: string;
  /** What a refusal calls it; a UUID is `…`. */
  said: string;
}

/** Tools and their packages on Debian. */
export const contentTools: Record<string, string> = {
  "mkfs.ext4": "e2fsprogs",
  "mkfs.xfs": "xfsprogs",
  "mkfs.btrfs": "btrfs-progs",
  "mkfs.vfat": "dosfstools",
  "mkfs.exfat": "exfatprogs",
  "mkfs.ntfs": "ntfs-3g",
  "mkfs.f2fs": "f2fs-tools",
  mksquashfs: "squashfs-tools",
  genisoimage: "genisoimage",
  cryptsetup: "cryptsetup-bin",
  pvcreate: "lvm2",
  sfdisk: "fdisk",
  strace: "strace",
};

const gpt = "printf 'label: gpt\\nsize=100M\\nsize=100M\\n' | sfdisk -q --no-reread --no-tell-kernel $1";

/**
 * A kernel without md, and one without ZFS, can make neither, and nothing but Windows makes BitLocker's: their labels are
 * written byte by byte, as much of them as libblkid looks at (mdp_superblock_1 at 4 KiB; the uberblocks of the first ZFS
 * label; BitLocker's boot sector, which names the place of its metadata). More, as md, zfs-fuse and others
 * make them: recordedContent.ts; see README.md.
 */
export const contents: Record<string, Content> = {
  ext2: { make: "mkfs.ext2 -q $1", said: "it holds ext2 UUID=…" },
  ext3: { make: "mkfs.ext3 -q $1", said: "it holds ext3 UUID=…" },
  ext4: { make: "mkfs.ext4 -q $1", said: "it holds ext4 UUID=…" },
  xfs: { make: "mkfs.xfs -q $1", said: "it holds xfs UUID=…" },
  btrfs: { make: "mkfs.btrfs -q $1", said: "it holds btrfs UUID=…" },
  vfat: { make: "mkfs.vfat $1", said: "it holds vfat UUID=…" },
  exfat: { make: "mkfs.exfat $1", said: "it holds exfat UUID=…, dos" },
  ntfs: { make: "mkfs.ntfs -Q -F $1", said: "it holds ntfs UUID=…, dos at 0x1fe" },
  f2fs: { make: "mkfs.f2fs -f $1", said: "it holds f2fs UUID=…" },
  squashfs: {
    make: "f=$(mktemp -u); mksquashfs /etc/apt $f -no-progress -quiet; dd if=$f of=$1 bs=1M status=none; rm $f",
    said: "it holds squashfs sha256:…",
  },
  iso9660: { make: "genisoimage -quiet /etc/apt | dd of=$1 bs=1M status=none", said: "it holds iso9660 UUID=…" },
  "swap space": { make: "mkswap $1", said: "it holds swap UUID=…" },
  "an LVM physical volume": {
    make: "pvcreate -qq -ff -y --config 'devices { use_devicesfile=0 } activation { udev_sync=0 }' $1",
    said: "it holds LVM2_member UUID=…",
  },
  LUKS: {
    make: "echo secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - $1",
    said: "it holds crypto_LUKS UUID=…",
  },
  "a member of an md array": {
    make: `{ printf '\\374\\116\\053\\251\\001\\000\\000\\000'; head -c 8 /dev/zero; head -c 16 /dev/urandom; head -c 112 /dev/zero
      printf '\\010\\000\\000\\000\\000\\000\\000\\000'; } | dd of=$1 bs=4096 seek=1 conv=notrunc status=none`,
    said: "it holds linux_raid_member UUID=…",
  },
  "a member of a ZFS pool": {
    make: `for at in $(seq 128 159); do printf '\\014\\261\\272\\000\\000\\000\\000\\000' |
      dd of=$1 bs=1024 seek=$at conv=notrunc status=none; done`,
    said: "it holds zfs_member sha256:…",
  },
  "a GPT": { make: gpt, said: "it holds gpt UUID=… (1: empty, 2: empty)" },
  "an empty GPT": { make: "echo 'label: gpt' | sfdisk -q $1", said: "it holds gpt UUID=…" },
  "an MBR": {
    make: "printf 'label: dos\\nsize=100M\\n' | sfdisk -q --no-reread --no-tell-kernel $1",
    said: "it holds dos UUID=… (1: empty)",
  },
  "a GPT with a damaged primary": {
    make: `${gpt}; printf damaged | dd of=$1 bs=1 seek=536 conv=notrunc status=none`,
    said: "it holds gpt UUID=… (1: empty, 2: empty)",
  },
  BitLocker: {
    make: `{ printf '\\353\\130\\220-FVE-FS-'; head -c 165 /dev/zero; printf '\\000\\020\\000\\000\\000\\000\\000\\000'; } |
      dd of=$1 conv=notrunc status=none
      printf -- '-FVE-FS-\\060\\000\\002\\000' | dd of=$1 bs=4096 seek=1 conv=notrunc status=none`,
    said: "it holds BitLocker sha256:…",
  },
  "the backup of a GPT alone": {
    make: `${gpt}; dd if=/dev/zero of=$1 bs=1M count=1 conv=notrunc status=none`,
    said: "it holds gpt at 0x… sha256:…",
  },
  "a file system within a forgotten GPT": {
    make: `${gpt}; dd if=/dev/zero of=$1 bs=512 count=34 conv=notrunc status=none; mkfs.ext4 -q -F $1`,
    said: "it holds ext4 UUID=…",
  },
  "two file systems": {
    make: `f=$(mktemp); mkfs.ext4 -q $1; dd if=$1 of=$f bs=1024 skip=1 count=1 status=none
      mkfs.xfs -q -f $1; dd if=$f of=$1 bs=1024 seek=1 conv=notrunc status=none; rm $f`,
    said: "it holds xfs at 0x0, ext4 at 0x438 sha256:…",
  },
};
