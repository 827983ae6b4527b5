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
      const what = guest.kind === "locked" ? "memory that is locked into RAM" : "a page size";
      return {
        outcome: "breaks",
        reason: `Nova does not look: it writes ${what} and file-backed memory into one guest, which no host with file-backed memory starts (MemoryPagesUnsupported)`,
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
    name: "other-backing",
    source:
      "nova/virt/libvirt/migration.py, _update_memory_backing_xml; libvirt src/qemu/qemu_domain.c, qemuDomainABIStabilityCheck",
    judge(from, to) {
      // Before Rocky Nova leaves the guest's memory as it is.
      if (from.fileBacked === to.fileBacked || majorOf(from.nova) < 18) return undefined;
      const [place, wanted, has] = to.fileBacked ? ["into files", "file", "none"] : ["into RAM", "none", "file"];
      return {
        outcome: "breaks",
        reason: `Nova has its memory put ${place} there, which libvirt refuses of a guest that runs (Target memoryBacking source '${wanted}' doesn't match source memoryBacking source '${has}'); the guest stays here`,
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
