/** Writes an MBR with one Linux partition of 600 MiB from 1 MiB on, and with a number of its own. */
export function partitionTable(disk: string): string {
  const entry = "\\0\\0\\0\\0\\203\\0\\0\\0\\0\\010\\0\\0\\0\\300\\022\\0";
  return `{ printf '\\326\\311\\261\\040\\0\\0${entry}'; head -c 48 /dev/zero; printf '\\125\\252'; } |
    dd of=${disk} bs=1 seek=440 conv=notrunc status=none`;
}

/** A host on which a store cannot be made. */
interface StoreRefusal {
  name: string;
  /** A script in which DISK is the store's device, and one that takes it back where the disk is not simply blanked. */
  prepare: string;
  tidy?: string;
  /** What is declared beside or in place of the device; REAL is its name in /dev. */
  args?: Record<string, unknown>;
  says: RegExp;
}

export const storeRefusals: StoreRefusal[] = [
  {
    name: "a disk with a file system on it",
    prepare: "mkfs.ext4 -q DISK",
    says: /property device value \{.*\} has a problem: \S+ is not blank: it holds ext4 UUID=\S+. To lose it, say consentToWipe: "ext4 UUID=\S+"/,
  },
  {
    name: "a disk with a file system on it, and a consent that names another",
    prepare: "mkfs.ext4 -q DISK",
    args: { consentToWipe: "ext4 UUID=0b1c9d62-6f0e-4a0a-9c54-0c6fbb2a9d10" },
    says: /consentToWipe names "ext4 UUID=0b1c9d62-\S+", which is something else/,
  },
  {
    name: "a disk with a partition table",
    prepare: partitionTable("DISK"),
    says: /property device value \{.*\} has a problem: \S+ is not blank: it holds dos UUID=20b1c9d6 \(1: /,
  },
  {
    name: "a disk that is mounted",
    prepare: "mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 DISK; mount -o ro DISK /opt",
    tidy: "umount /opt",
    says: /property device value \{.*\} has a problem: \S+ is in use: it is mounted at \/opt. It is left alone/,
  },
  {
    name: "a disk that is swap",
    prepare: "mkswap -q DISK; swapon DISK",
    tidy: "swapoff DISK",
    says: /property device value \{.*\} has a problem: \S+ is in use: it is swap. It is left alone/,
  },
  {
    name: "a disk that a program opened exclusively",
    prepare: `python3 -c 'import os, time; os.open("DISK", os.O_EXCL); time.sleep(600)' > /dev/null 2>&1 & echo $! > /run/holder; sleep 1`,
    tidy: "kill $(cat /run/holder); rm /run/holder",
    says: /property device value \{.*\} has a problem: \S+ is in use: it cannot be opened exclusively \(Device or resource busy\)/,
  },
  {
    name: "a disk that does not exist",
    prepare: ":",
    args: { device: "/dev/disk/by-id/nvme-none" },
    says: /property device value \{.*\} has a problem: \/dev\/disk\/by-id\/nvme-none does not exist on the host, or is no block device/,
  },
  {
    name: "a disk by a name that can be another disk after a reboot",
    prepare: ":",
    args: { device: "REAL" },
    says: /property device value \{.*\} has a problem: \/dev\/loop\d+ can be another disk after a reboot; use its name in \/dev\/disk\/by-id/,
  },
  {
    name: "a mount point with something in it",
    prepare: "mkdir -p /srv/guests/store; touch /srv/guests/store/.hidden",
    tidy: "rm -r /srv/guests",
    says: /property mountPoint value \{.*\} has a problem: \/srv\/guests\/store is not empty, and a mount would cover what is in it/,
  },
  {
    name: "a mount point where something else is mounted",
    prepare: "mkdir -p /srv/guests/store; mount -t tmpfs none /srv/guests/store",
    tidy: "umount /srv/guests/store; rm -r /srv/guests",
    says: /property mountPoint value \{.*\} has a problem: something else is mounted at \/srv\/guests\/store: none/,
  },
  {
    name: "a mount point that fstab has for something else",
    prepare: "cp -a /etc/fstab /root/fstab; printf '\\nnone /srv/guests/store tmpfs noauto 0 0\\n' >> /etc/fstab",
    tidy: "mv /root/fstab /etc/fstab",
    says: /property mountPoint value \{.*\} has a problem: \/etc\/fstab has an entry for \/srv\/guests\/store already: none/,
  },
  {
    name: "a host that lacks the tool for the file system",
    prepare: "mv /usr/sbin/mkfs.xfs /root/; [ ! -e /sbin/mkfs.xfs ]",
    tidy: "mv /root/mkfs.xfs /usr/sbin/",
    says: /xfs needs mkfs.xfs on the host; install xfsprogs/,
  },
];
