import { isOlder, releaseOf } from "../releaseTable";
import { type HostTraits, majorOf, type Rule } from "../traits";

/** The older of two hosts' releases: Nova asks for the least of a cloud's service versions. */
function olderNova(from: HostTraits, to: HostTraits): string {
  return releaseOf(from.nova).service <= releaseOf(to.nova).service ? from.nova : to.nova;
}

export const versionRules: Rule[] = [
  {
    name: "hypervisor-version",
    source: "nova/conductor/tasks/live_migrate.py, _check_compatible_with_source_hypervisor",
    judge(from, to) {
      if (!isOlder(to.qemu, from.qemu)) return undefined;
      return {
        outcome: "refused",
        reason: `QEMU is older there (${to.qemu}) than here (${from.qemu}): DestinationHypervisorTooOld, unless the conductors have [workarounds] skip_hypervisor_version_check_on_lm`,
      };
    },
  },
  {
    name: "minimum-versions",
    source: "nova/virt/libvirt/driver.py, MIN_LIBVIRT_VERSION and MIN_QEMU_VERSION of each release",
    judge(from, to) {
      for (const [place, host] of [
        ["there", to],
        ["here", from],
      ] as const) {
        const { libvirt, qemu } = releaseOf(host.nova);
        const lacks = [
          ...(isOlder(host.libvirt, libvirt) ? [`libvirt ${libvirt} (it is ${host.libvirt})`] : []),
          ...(isOlder(host.qemu, qemu) ? [`QEMU ${qemu} (it is ${host.qemu})`] : []),
        ];
        if (lacks.length === 0) continue;
        return {
          outcome: "refused",
          reason: `nova-compute ${host.nova} does not start ${place}: it needs ${lacks.join(" and ")}`,
        };
      }
      return undefined;
    },
  },
  {
    name: "release-span",
    source: "nova/objects/service.py, OLDEST_SUPPORTED_SERVICE_VERSION (from 23 on)",
    judge(from, to) {
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        const needed = releaseOf(one.nova).oldestService ?? 0;
        if (releaseOf(other.nova).service >= needed) continue;
        return {
          outcome: "refused",
          reason: `Nova ${one.nova} starts in no cloud that has a nova-compute as old as ${other.nova} (TooOldComputeService)`,
        };
      }
      return undefined;
    },
  },
  {
    name: "numa-topology",
    source: "nova/conductor/tasks/live_migrate.py, _check_instance_has_no_numa; service version 40 is Train",
    judge(from, to, guest) {
      // A page size and hw:pmem each give a guest a NUMA topology.
      if ((guest.kind === "plain" && !guest.hasTopology) || guest.kind === "shares") return undefined;
      const oldest = olderNova(from, to);
      if (releaseOf(oldest).service >= 40) return undefined;
      return {
        outcome: "refused",
        reason: `such a guest has a NUMA topology, which Nova moves from 20 (Train) on, and there is ${oldest}; [workarounds] enable_numa_live_migration would move it without regard to nodes and pages`,
      };
    },
  },
  {
    name: "pmem-service",
    source: "nova/conductor/tasks/live_migrate.py, _check_can_migrate_specific_resources; service version 51 is Ussuri",
    judge(from, to, guest) {
      if (guest.kind !== "pmem") return undefined;
      if (majorOf(from.nova) < 20)
        return {
          outcome: "impossible",
          reason: `Nova has persistent memory from 20 (Train) on, and here is ${from.nova}`,
        };
      const oldest = olderNova(from, to);
      if (releaseOf(oldest).service >= 51) return undefined;
      if (majorOf(from.nova) < 21 && majorOf(to.nova) < 21)
        return {
          outcome: "breaks",
          reason:
            "Nova 20 (Train) does not refuse it, and does not move persistent memory either: the guest would get the device that has the same path there",
        };
      return {
        outcome: "refused",
        reason: `Nova moves persistent memory once every nova-compute is 21 (Ussuri) or newer, and there is ${oldest}`,
      };
    },
  },
];
