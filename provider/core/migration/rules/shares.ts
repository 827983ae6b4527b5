import { majorOf, type Rule } from "../traits";

export const shareRules: Rule[] = [
  {
    name: "shares-here",
    source: "nova/virt/hardware.py, check_shares_supported (from 31 on)",
    judge(from, _to, guest) {
      if (guest.kind !== "shares") return undefined;
      if (majorOf(from.nova) < 31)
        return { outcome: "impossible", reason: `Nova attaches shares from 31 (2025.1) on, and here is ${from.nova}` };
      if (from.fileBacked || from.pageSizes.length > 0) return undefined;
      return {
        outcome: "impossible",
        reason: "shares need file-backed memory or a page size, and the host here gives neither",
      };
    },
  },
  {
    name: "shares-refused",
    source: "nova/compute/api.py, block_shares_not_supported (from 31 on)",
    judge(_from, _to, guest) {
      if (guest.kind !== "shares") return undefined;
      return {
        outcome: "refused",
        reason: "Nova migrates no guest live while a share is attached (ForbiddenWithShare): detach it first",
      };
    },
  },
];
