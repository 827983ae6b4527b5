import type { PmemFacts } from "../facts/pmem";
import type { PmemOffer } from "../migration/traits";
import type { OfferedNamespace } from "./pmemOption";
import type { DesiredNamespace } from "./pmemState";

/** What guests get of the namespaces that a host offers, as far as ndctl can say it, and as live migration looks at it. */
export function offersOf(offered: readonly OfferedNamespace[], facts: PmemFacts): PmemOffer[] {
  return distinct(
    offered
      .filter(({ label, name }) => label !== "" && name !== "")
      .map(({ label, name }) => {
        // Nova would take any of several, and lists devdax alone.
        const named = facts.namespaces.filter((each) => each.name === name && each.mode === "devdax" && each.isEnabled);
        return named.length === 1 ? offer(label, named[0]!.usableBytes, named[0]!.alignBytes) : { label };
      }),
  );
}

/** The same of namespaces as they will be. */
export function offersOfDesired(wanted: readonly DesiredNamespace[]): PmemOffer[] {
  return distinct(
    wanted.map(({ declared, usableBytes, alignBytes }) => offer(declared.label, usableBytes, alignBytes)),
  );
}

function offer(label: string, usableBytes: number, alignBytes: number | undefined): PmemOffer {
  return {
    label,
    ...(usableBytes > 0 ? { sizeKib: Math.floor(usableBytes / 1024) } : {}),
    ...(alignBytes ? { alignmentKib: alignBytes / 1024 } : {}),
  };
}

/** In one order, whatever that of the option is, and those that are alike once: a host has many of a kind. */
function distinct(offers: readonly PmemOffer[]): PmemOffer[] {
  const byWords = new Map(offers.map((each) => [JSON.stringify(each), each]));
  return [...byWords].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each);
}
