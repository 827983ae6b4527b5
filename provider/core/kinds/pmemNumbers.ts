import type { HostFacts } from "../facts/hostFacts";
import type { ObjectRecord } from "../facts/journal";
import type { PmemNamespace } from "../facts/pmem";
import type { Problem } from "../inputs/problem";
import type { PersistentMemoryArgs } from "./persistentMemory";
import { type DesiredNamespace, isMade } from "./pmemState";
import { namespaceUsers } from "./pmemUsers";

// A guest and Nova know a namespace by its device, /dev/dax0.1. That is the kernel's number of it: given to a new namespace
// when there is one free, and to all of a region anew with every boot, in the order of their addresses (cmp_dpa in
// drivers/nvdimm/namespace_devs.c).

/** Namespaces whose devices are called otherwise than when we last saw them. */
export function renumbered(facts: HostFacts, record: ObjectRecord | undefined) {
  return (record?.pmem?.namespaces ?? []).flatMap(({ name, rawUuid, device: before }) => {
    const now = facts.pmem.namespaces.find((each) => each.rawUuid === rawUuid)?.device;
    const isKnown = now !== undefined && /^dax/.test(before);
    return isKnown && now !== before ? [{ name, rawUuid, before, now }] : [];
  });
}

/** Nova counts namespaces by their devices, and the XML of a guest that has one names it so. */
export function renumberedRefusals(
  args: PersistentMemoryArgs,
  facts: HostFacts,
  record: ObjectRecord | undefined,
): Problem[] {
  if (args.allowHazards.includes("renumbered-namespaces")) return [];
  return renumbered(facts, record).flatMap(({ name, before, now }) => {
    const guests = facts.guests.filter(({ pmem }) => pmem?.includes(`/dev/${before}`)).map((guest) => guest.name);
    if (guests.length === 0) return [];
    const what = `${name} was /dev/${before}, is /dev/${now} now, and guests still have the former name: ${guests.join(", ")}`;
    const why = "Nova would hand the namespace out a second time, and the guest may get another one's";
    const how = `Delete or migrate these guests, or accept it with allowHazards: ["renumbered-namespaces"]`;
    return [{ path: "namespaces", message: `${what}. ${why}. ${how}` }];
  });
}

/**
 * A guest whose namespace was destroyed by hand would get a new one that the kernel gives the same number to, and Nova would
 * give that to another guest.
 */
export function staleGuestRefusals(
  { allowHazards }: PersistentMemoryArgs,
  wanted: readonly DesiredNamespace[],
  facts: HostFacts,
): Problem[] {
  if (allowHazards.includes("renumbered-namespaces")) return [];
  const regions = new Set(wanted.flatMap(({ action, region }) => (isMade(action) && region ? [region.dev] : [])));
  return dangling(facts)
    .filter(({ path }) => regions.has(`region${/^\/dev\/dax(\d+)\./.exec(path)?.[1]}`))
    .map(({ guest, path }) => {
      const what = `the guest ${guest} has ${path}, which is no namespace of the host any more`;
      const why = "a new one may be called so, and be this guest's and another one's at once";
      const how = `Delete or migrate it, or accept it with allowHazards: ["renumbered-namespaces"]`;
      return { path: "namespaces", message: `cannot be made: ${what}, and ${why}. ${how}` };
    });
}

/** Definitions of guests with a device that is no namespace of this host: somebody destroyed or renumbered it. */
export function danglingWarnings(facts: HostFacts): string[] {
  return dangling(facts).map(
    ({ guest, path }) => `the guest ${guest} has ${path}, which is no namespace of the host any more`,
  );
}

function dangling(facts: HostFacts): { guest: string; path: string }[] {
  // One that is disabled keeps its number until the next boot.
  const devices = new Set(
    facts.pmem.namespaces.map(({ device, dev }) => `/dev/${device ?? dev.replace("namespace", "dax")}`),
  );
  return facts.guests.flatMap(({ name, pmem = [] }) =>
    pmem.filter((path) => !devices.has(path)).map((path) => ({ guest: name, path })),
  );
}

/**
 * What the next boot will make of namespaces that guests have, once others of their region are gone or made: nobody but the
 * kernel can put that right.
 */
export function bootWarnings(
  wanted: readonly DesiredNamespace[],
  goes: readonly PmemNamespace[],
  facts: HostFacts,
): string[] {
  const made = wanted.filter(({ action }) => isMade(action));
  const gone = new Set([...goes, ...made.flatMap(({ present }) => present ?? [])]);
  return facts.pmem.regions.flatMap(({ dev }) => {
    const staying = facts.pmem.namespaces.filter((each) => each.region === dev && !gone.has(each));
    const others = made.filter(({ region }) => region?.dev === dev);
    const isTouched = others.length > 0 || [...gone].some(({ region }) => region === dev);
    const all = [...staying, ...others];
    if (!isTouched || all.some(({ start }) => start === undefined)) return [];
    all.sort((one, other) => one.start! - other.start!);
    return staying.flatMap((each) => {
      const then = `dax${/\d+$/.exec(dev)?.[0]}.${all.indexOf(each)}`;
      const guests = namespaceUsers(facts, each);
      if (each.device === undefined || each.device === then || guests.length === 0) return [];
      return [
        `${each.name} is /dev/${each.device}, and /dev/${then} from the next boot on, which ${guests.join(", ")} would not know: move guests away before a reboot`,
      ];
    });
  });
}
