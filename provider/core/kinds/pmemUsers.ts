import type { HostFacts } from "../facts/hostFacts";
import type { PmemNamespace } from "../facts/pmem";

/** Who has a namespace at this moment; nobody is asked to give it up. */
export function namespaceUsers(facts: HostFacts, namespace: PmemNamespace): string[] {
  const guests = guestsWith(facts, namespace);
  const processes = guests.length > 0 ? [] : namespace.users;
  const mounts = facts.fileSystems
    .filter(({ source }) => namespace.blockDevice !== undefined && source === `/dev/${namespace.blockDevice}`)
    .map(({ mountPoint }) => `mounted at ${mountPoint}`);
  const itself = namespace.isSystemRam ? ["the host itself, as ordinary memory"] : [];
  return [...guests, ...processes, ...mounts, ...itself];
}

/** Guests with a namespace that Nova knew by this name, also where nothing is known of it any more but its record. */
export function usersByName(facts: HostFacts, name: string): string[] {
  const present = facts.pmem.namespaces.find((each) => each.name === name);
  if (present) return namespaceUsers(facts, present);
  const recorded = recordedNamespaces(facts).filter((each) => each.name === name);
  return guestsOf(
    facts,
    freeNames(
      facts,
      recorded.flatMap(({ device = [] }) => device),
    ),
  );
}

/**
 * One that is disabled has no device, and a guest that does not run has it all the same: by the name that it had when we
 * last saw it, or that the kernel will give to it (drivers/dax/pmem.c), unless that is another one's.
 */
function guestsWith(facts: HostFacts, { device, dev, rawUuid }: PmemNamespace): string[] {
  // Until somebody has accepted that a boot renumbered it, its former name is its own as well: Nova knows it by that.
  const recorded = recordedNamespaces(facts).filter((each) => each.rawUuid === rawUuid);
  const names = device === undefined ? freeNames(facts, [dev.replace("namespace", "dax")]) : [device];
  return guestsOf(facts, [...names, ...recorded.flatMap((each) => each.device ?? [])]);
}

function recordedNamespaces(facts: HostFacts): { name: string; rawUuid: string; device?: string }[] {
  const record = facts.journal.objects.get("PersistentMemory")?.pmem;
  return [...(record?.namespaces ?? []), ...(record?.kept ?? [])];
}

function freeNames(facts: HostFacts, devices: readonly string[]): string[] {
  return devices.filter((device) => !facts.pmem.namespaces.some((each) => each.device === device));
}

function guestsOf(facts: HostFacts, devices: readonly string[]): string[] {
  return facts.guests
    .filter(({ pmem = [] }) => devices.some((each) => pmem.includes(`/dev/${each}`)))
    .map(({ name }) => name);
}
