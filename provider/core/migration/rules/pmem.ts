import { formatPageSize } from "../../kinds/pageSize";
import { resourceClassOf } from "../../kinds/pmemOption";
import { type HostTraits, majorOf, type PmemOffer, type Rule } from "../traits";

const offers = ({ pmem }: HostTraits, label: string) => pmem.filter((offer) => offer.label === label);

/** Any namespace of the label can be the guest's, and any may be given to it there. */
function anyPair(
  here: readonly PmemOffer[],
  there: readonly PmemOffer[],
  holds: (from: PmemOffer, to: PmemOffer) => boolean,
): [from: PmemOffer, to: PmemOffer] | undefined {
  for (const from of here) for (const to of there) if (holds(from, to)) return [from, to];
  return undefined;
}

/** What Nova does not compare: it only puts the path of the device there into the guest's XML. */
const notCompared = "nova/virt/libvirt/migration.py, _update_vpmems_xml; QEMU system/physmem.c, qemu_ram_alloc_from_fd";

export const pmemRules: Rule[] = [
  {
    name: "label-here",
    source: "[libvirt] pmem_namespaces",
    judge(from, _to, guest) {
      if (guest.kind !== "pmem" || offers(from, guest.label).length > 0) return undefined;
      return { outcome: "impossible", reason: "the host here has no namespace of that label" };
    },
  },
  {
    name: "label-there",
    source: "placement; nova/compute/resource_tracker.py, _claim_resources",
    judge(_from, to, guest) {
      if (guest.kind !== "pmem") return undefined;
      const wanted = resourceClassOf(guest.label);
      if (to.pmem.some((offer) => resourceClassOf(offer.label) === wanted)) return undefined;
      return {
        outcome: "refused",
        reason: `the host there has no namespace of that label (no ${wanted} in placement)`,
      };
    },
  },
  {
    name: "label-spelt-otherwise",
    source: "nova/virt/libvirt/driver.py, _get_ordered_vpmem_resources",
    judge(_from, to, guest) {
      if (guest.kind !== "pmem" || offers(to, guest.label).length > 0) return undefined;
      const other = to.pmem.find((offer) => resourceClassOf(offer.label) === resourceClassOf(guest.label));
      if (other === undefined) return undefined;
      return {
        outcome: "breaks",
        reason: `the label is spelt ${other.label} there: placement takes both for ${resourceClassOf(other.label)}, Nova finds no device for it, and the guest gets whatever has its former device's path there, be it another guest's`,
      };
    },
  },
  {
    name: "namespace-size",
    source: notCompared,
    judge(from, to, guest) {
      if (guest.kind !== "pmem") return undefined;
      const [here, there] = [offers(from, guest.label), offers(to, guest.label)];
      const less = anyPair(here, there, (one, other) => (other.sizeKib ?? Infinity) < (one.sizeKib ?? 0));
      if (less !== undefined) {
        const [one, other] = less.map(({ sizeKib }) => formatPageSize(sizeKib!));
        return {
          outcome: "breaks",
          reason: `Nova does not compare sizes: a namespace there has ${other}, less than ${one} here, and QEMU does not start the guest there; it stays here`,
        };
      }
      const more = anyPair(here, there, (one, other) => (other.sizeKib ?? 0) > (one.sizeKib ?? Infinity));
      if (more === undefined) return undefined;
      const [one, other] = more.map(({ sizeKib }) => formatPageSize(sizeKib!));
      return {
        outcome: "remark",
        reason: `a namespace there has ${other} and not ${one}: from its next start on the guest has all of it, and cannot come back`,
      };
    },
  },
  {
    name: "namespace-alignment",
    source: notCompared,
    judge(from, to, guest) {
      if (guest.kind !== "pmem") return undefined;
      const coarser = anyPair(
        offers(from, guest.label),
        offers(to, guest.label),
        (one, other) => (other.alignmentKib ?? 0) > (one.alignmentKib ?? Infinity),
      );
      if (coarser === undefined) return undefined;
      const [one, other] = coarser.map(({ alignmentKib }) => formatPageSize(alignmentKib!));
      return {
        outcome: "breaks",
        reason: `Nova does not compare alignments: a namespace there is aligned to ${other}, more than ${one} here, and QEMU does not start the guest there; it stays here`,
      };
    },
  },
  {
    name: "namespace-unknown",
    source: notCompared,
    judge(from, to, guest) {
      if (guest.kind !== "pmem") return undefined;
      const both = [...offers(from, guest.label), ...offers(to, guest.label)];
      if (both.every(({ sizeKib, alignmentKib }) => sizeKib !== undefined && alignmentKib !== undefined))
        return undefined;
      return {
        outcome: "remark",
        reason: "sizes and alignments of its namespaces are not all known, and Nova does not compare them",
      };
    },
  },
  {
    name: "pmem-post-copy",
    source: "nova/virt/libvirt/driver.py, _live_migration_monitor (from 21 on)",
    judge(from, _to, guest) {
      if (guest.kind !== "pmem" || !from.postCopy || majorOf(from.nova) < 21) return undefined;
      return {
        outcome: "remark",
        reason:
          "Nova never switches it to post-copy: where the migration must be forced to its end, the guest is paused",
      };
    },
  },
];
