import type { HostFacts } from "../facts/hostFacts";
import type { ObjectRecord } from "../facts/journal";
import type { PmemNamespace } from "../facts/pmem";
import { noNovaCompute } from "../foreignFiles";
import type { Problem } from "../inputs/problem";
import type { NovaConfig } from "../novaConfig";
import { formatSize } from "../size";
import { lacking, minimums } from "../versions";
import type { PersistentMemoryArgs } from "./persistentMemory";
import { renumberedRefusals, staleGuestRefusals } from "./pmemNumbers";
import { type OfferedNamespace, offeredBy, pmemOption } from "./pmemOption";
import { consentFor, type DesiredNamespace } from "./pmemState";
import { namespaceUsers, usersByName } from "./pmemUsers";

/** What Nova, ndctl or the kernel would refuse later, and what would hurt guests. */
export function pmemRefusals(
  args: PersistentMemoryArgs,
  wanted: readonly DesiredNamespace[],
  facts: HostFacts,
  config: NovaConfig,
  record: ObjectRecord | undefined,
): Problem[] {
  if (!facts.novaCompute) return [{ path: "", message: noNovaCompute(facts, "pmem") }];
  if (config.failure) {
    return [{ path: "", message: `nova-compute cannot read its configuration: ${config.failure}; mend that first` }];
  }
  const lacks = lacking(minimums.persistentMemory, facts.versions).map(({ lack, advice }) => ({
    path: "",
    message: `${lack}; ${advice}`,
  }));
  if (lacks.length > 0) return lacks;
  if (facts.pmem.failure !== undefined) return [unlisted(facts.pmem.failure)];
  return [
    ...wanted.flatMap(({ problems }) => problems),
    ...wanted.flatMap((each) => replacementRefusals(each, facts, config)),
    ...optionRefusals(args, facts, config, record),
    ...leavingRefusals(facts, leaving(offeredBy(config), args.namespaces)),
    ...consentRefusals(args, facts, record),
    ...renumberedRefusals(args, facts, record),
    ...staleGuestRefusals(args, wanted, facts),
  ];
}

/** The option is one value: what others offer by it would silently be offered no more. */
function optionRefusals(
  args: PersistentMemoryArgs,
  facts: HostFacts,
  config: NovaConfig,
  record: ObjectRecord | undefined,
): Problem[] {
  const place = config.get(pmemOption.section, pmemOption.option);
  const ours = [...(record?.pmem?.namespaces ?? []), ...(record?.pmem?.leaving ?? [])];
  const others = leaving(offeredBy(config), [...args.namespaces, ...ours]);
  if (place?.variable !== undefined && leaving(args.namespaces, offeredBy(config)).length + others.length > 0) {
    const message = `${place.variable} in the environment of ${facts.novaCompute?.unit.name} wins over every file; remove it there and restart the service`;
    return [{ path: "", message }];
  }
  if (others.length === 0) return [];
  const named = others.map(({ label, name }) => `${label}:${name}`).join(", ");
  const message = `must have all that Nova offers: ${named} in ${place?.path} is not declared. Declare it as well, or remove it there first`;
  return [{ path: "namespaces", message }];
}

/** Entries of the one that are not in the other. */
export function leaving(
  before: readonly OfferedNamespace[],
  after: readonly OfferedNamespace[],
): readonly OfferedNamespace[] {
  return before.filter((each) => !after.some(({ label, name }) => label === each.label && name === each.name));
}

/**
 * Without the entry Nova does not know the device of its own guest: it fails at each of the guest's actions, and does not
 * start where placement has an allocation (AssignedResourceNotFound, 409 of placement, KeyError in _get_vpmems).
 */
export function leavingRefusals(facts: HostFacts, entries: readonly OfferedNamespace[]): Problem[] {
  return entries.flatMap(({ label, name }) => {
    const users = usersByName(facts, name);
    if (users.length === 0) return [];
    const what = `${name} under the label ${label} is in use: ${users.join(", ")}`;
    const why = "Nova would not know it any more, and neither start these guests nor itself, or hand it out twice";
    return [{ path: "namespaces", message: `${what}. ${why}. Delete or migrate them first` }];
  });
}

/**
 * Nova counts a namespace by its size and device as well. One that is made anew while Nova gives it to guests would be another
 * one to it, with a guest of the old one on it, which is handed out a second time (Resource.__eq__ in
 * nova/objects/resource.py); and Nova does not start where it is gone.
 */
function replacementRefusals(
  { declared: { name }, path, action, present }: DesiredNamespace,
  facts: HostFacts,
  config: NovaConfig,
): Problem[] {
  if (action !== "replace" || present === undefined) return [];
  const kept = facts.journal.objects.get("PersistentMemory")?.pmem?.kept ?? [];
  const isStillRun = facts.journal.pending !== undefined && kept.some(({ rawUuid }) => rawUuid === present.rawUuid);
  if (!isStillRun && !offeredBy(config).some((each) => each.name === name)) return [];
  const what = `${name} cannot be made anew while Nova gives it to guests: one could get it meanwhile`;
  const how = `Take it out of namespaces and pulumi up with this consent, which destroys it once Nova runs without it; then declare it anew`;
  return [{ path: `${path}.name`, message: `${what}. ${how}` }];
}

/** Whoever removes this resource: what nova.conf offers again by then must be there, or Nova does not start. */
export function removalRefusals(
  args: PersistentMemoryArgs,
  facts: HostFacts,
  record: ObjectRecord,
  offered: { now: readonly OfferedNamespace[]; after: readonly OfferedNamespace[] },
): Problem[] {
  if (facts.pmem.failure !== undefined) return [unlisted(facts.pmem.failure)];
  const goes = consentedNamespaces(args, facts, record);
  const again = offered.after.filter(({ name }) => goes.some((each) => each.name === name));
  const left = leaving(offered.now, offered.after);
  return [
    ...leavingRefusals(facts, left),
    ...inUse(
      facts,
      goes.filter(({ name }) => !left.some((each) => each.name === name)),
    ),
    ...again.map(({ label, name }) => ({
      path: "consentToDestroy",
      message: `names ${name}, which Nova is offered as ${label}:${name} again by what nova.conf had before. Remove that there first, or leave the consent out`,
    })),
  ];
}

function unlisted(failure: string): Problem {
  const message = `nobody can say what namespaces there are: ${failure}. Run ndctl list on the host`;
  return { path: "", message };
}

/** Consents for namespaces of ours that somebody has at this moment. */
function consentRefusals(args: PersistentMemoryArgs, facts: HostFacts, record: ObjectRecord | undefined): Problem[] {
  const goes = consentedNamespaces(args, facts, record);
  return inUse(
    facts,
    goes.filter((namespace) => !args.namespaces.some(({ name }) => name === namespace.name)),
  );
}

function inUse(facts: HostFacts, goes: readonly PmemNamespace[]): Problem[] {
  return goes.flatMap((namespace) => {
    const users = namespaceUsers(facts, namespace);
    if (users.length === 0) return [];
    const message = `names ${consentFor(namespace)}, which is in use and left alone: ${users.join(", ")}. Free it first, or leave the consent out`;
    return [{ path: "consentToDestroy", message }];
  });
}

/** Namespaces that this resource gave to guests, and that may be destroyed. */
export function consentedNamespaces(args: PersistentMemoryArgs, facts: HostFacts, record: ObjectRecord | undefined) {
  const known = [...(record?.pmem?.namespaces ?? []), ...(record?.pmem?.kept ?? [])];
  const ours = new Set(known.map(({ rawUuid }) => rawUuid));
  return facts.pmem.namespaces.filter(
    (each) => ours.has(each.rawUuid ?? "") && args.consentToDestroy.includes(consentFor(each)),
  );
}

/** What Nova keeps silent about. */
export function pmemWarnings(wanted: readonly DesiredNamespace[], facts: HostFacts): string[] {
  const said = [
    "Nova wipes what a guest has in persistent memory when it is stopped and started, or rebooted hard, and does not take it along in a resize",
  ];
  for (const label of new Set(wanted.map(({ declared }) => declared.label))) {
    const sizes = new Set(wanted.filter(({ declared }) => declared.label === label).map((each) => each.usableBytes));
    if (sizes.size > 1) {
      const all = [...sizes].map((bytes) => formatSize({ bytes })).join(" or ");
      said.push(`guests that ask for ${label} get ${all}: Nova does not compare the namespaces of a label`);
    }
  }
  for (const lack of lacking(minimums.persistentMemoryAsDocumented, facts.versions)) said.push(lack.lack);
  for (const lack of lacking(minimums.persistentMemoryMigration, facts.versions)) said.push(lack.lack);
  return said;
}
