import { isOlder } from "../releaseTable";
import { majorOf, type Rule } from "../traits";

const getMemoryBacking = "nova/virt/libvirt/driver.py, _get_guest_memory_backing_config";

/** What the destination's host makes of a guest's memory: Nova writes it anew for each migration. */
export const fileBackedRules: Rule[] = [
  {
    name: "page-size-from-files",
    source: getMemoryBacking,
    judge(from, _to, guest) {
      if (!from.fileBacked || (guest.kind !== "page-size" && guest.kind !== "locked")) return undefined;
      return {
        outcome: "impossible",
        reason: "a host with file-backed memory starts no guest with hw:mem_page_size (MemoryPagesUnsupported)",
      };
    },
  },
  {
    name: "page-size-to-files",
    source: `${getMemoryBacking}; nova/virt/libvirt/migration.py, _update_memory_backing_xml`,
    judge(_from, to, guest) {
      if (!to.fileBacked || (guest.kind !== "page-size" && guest.kind !== "locked")) return undefined;
      const locked = guest.kind === "locked" ? ", and is locked into RAM as a whole, files or not" : "";
      return {
        outcome: "breaks",
        reason: `Nova does not look: the guest arrives with its page size and file-backed memory at once${locked}, and at its next stop and start, or hard reboot, the host refuses it (MemoryPagesUnsupported)`,
      };
    },
  },
  {
    name: "source-before-files",
    source: "nova/virt/libvirt/driver.py 18 and 19, check_can_live_migrate_destination; service version 32",
    judge(from, to) {
      if (!to.fileBacked || majorOf(from.nova) >= 18) return undefined;
      const isChecked = majorOf(to.nova) < 20;
      return {
        outcome: isChecked ? "refused" : "breaks",
        reason: isChecked
          ? `Nova ${from.nova} here knows nothing of file-backed memory, which the host there wants`
          : `Nova ${from.nova} here knows nothing of file-backed memory, and from 20 (Train) on nobody checks: the guest stays in the RAM of a host that counts files`,
      };
    },
  },
  {
    name: "into-files",
    source: "nova/virt/libvirt/migration.py, _update_memory_backing_xml",
    judge(from, to) {
      if (from.fileBacked === to.fileBacked) return undefined;
      return {
        outcome: "remark",
        reason: to.fileBacked ? "its memory is in files from then on" : "its memory is in the host's RAM from then on",
      };
    },
  },
  {
    name: "post-copy-to-files",
    source:
      "[libvirt] live_migration_permit_post_copy; QEMU migration/postcopy-ram.c, test_ramblock_postcopiable (8.1)",
    judge(from, to) {
      if (!from.postCopy || !to.fileBacked) return undefined;
      const why = "live_migration_permit_post_copy is set here, and QEMU has no post-copy into files of a disk";
      return {
        outcome: "breaks",
        reason: isOlder(to.qemu, "8.1.0")
          ? `${why}: QEMU ${to.qemu} there finds out once the guest was switched over, which is then lost`
          : `${why}: QEMU ${to.qemu} there refuses every migration that permits it; the guest stays here`,
      };
    },
  },
];
