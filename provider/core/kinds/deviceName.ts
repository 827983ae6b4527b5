/** What udev, device mapper and the like name after the disk itself, or after what somebody called it. */
const named = [
  "disk/by-(id|uuid|partuuid|path|label|partlabel|dname)/.+",
  "mapper/[^/]+",
  // mdadm also makes /dev/md/127, a number as good as that of md127.
  "md/(?!\\d+(p\\d+)?$)[^/]+",
  "zvol/.+",
  "rbd/[^/]+/[^/]+(/[^/]+)?",
  "drbd/by-res/.+",
];

/**
 * Folders of /dev in which the kernel, udev or a driver counts. Anything else with one folder is /dev/VG/LV: LVM
 * makes no volume group by a name that /dev has (lvm(8), VALID NAMES).
 */
const counted =
  "accel ataraid block bsg bus cciss char cpu dasd dax disk dma_heap dri drbd etherd fd hugepages i2o ida infiniband input iommu loop mapper md mqueue nbd net pts raw rbd rd serial shm snd usb v4l vfio xen zvol";

/** Of a volume group, and of a logical volume. */
const logical = "[\\w+][\\w+.-]*";

const stable = new RegExp(`^/dev/(${named.join("|")}|(?!(${counted.replaceAll(" ", "|")})/)${logical}/${logical})$`);

/** Tags of fstab(5), which are looked up in what is on the disks at each boot. */
const tag = /^(UUID|LABEL|PARTUUID|PARTLABEL|ID)=./;

/**
 * True for a name that is the same disk after every boot. Names below /dev that are not known to be so are not: the kernel
 * gives most of them in the order in which it finds disks. In fstab a source can also be a tag or, for a loop device, a file.
 */
export function isStableName(source: string): boolean {
  return source.startsWith("/dev/") ? stable.test(source) : source.startsWith("/") || tag.test(source);
}
