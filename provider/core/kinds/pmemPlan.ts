import type { HostFacts } from "../facts/hostFacts";
import type { ObjectRecord, PmemRecord } from "../facts/journal";
import type { PmemNamespace } from "../facts/pmem";
import { objectPath } from "../host/paths";
import type { NovaConfig } from "../novaConfig";
import { fileForNewOption } from "../novaConfig";
import { planConfigurationChange } from "../plan/activation";
import { type Beside, bothBeside, nothingBeside } from "../plan/beside";
import { call, silently } from "../plan/calls";
import { type OptionPlan, planOptions, type WantedOption } from "../plan/options";
import type { CallStep, Step } from "../plan/step";
import { formatSize } from "../size";
import type { PersistentMemoryArgs } from "./persistentMemory";
import { bootWarnings, renumbered } from "./pmemNumbers";
import { formatOption, isSameOffer, offeredBy, pmemOption } from "./pmemOption";
import { consentedNamespaces } from "./pmemRules";
import { consentFor, type DesiredNamespace, isMade, namespaceUuid } from "./pmemState";

const object = "PersistentMemory";

/** Makes what is missing, then tells Nova, and destroys only once Nova runs without what goes. */
export function planPmem(
  args: PersistentMemoryArgs,
  wanted: readonly DesiredNamespace[],
  facts: HostFacts,
  config: NovaConfig,
  record: ObjectRecord | undefined,
): { steps: Step[]; options: OptionPlan; restarts: boolean; kept: string[] } {
  const options = planOptions(facts, object, record, [wantedOption(args, config)]);
  const recorded = record?.pmem?.namespaces ?? [];
  const declared = wanted.map((each) => recordOf(args, each, recorded));
  // One that is replaced goes before its successor is made.
  const isDeclared = (uuid: string | undefined) =>
    declared.some(({ rawUuid }) => rawUuid === uuid) || wanted.some(({ present }) => present?.rawUuid === uuid);
  const goes = consentedNamespaces(args, facts, record).filter(({ rawUuid }) => !isDeclared(rawUuid));
  const beside = bothBeside(besideNova(args, wanted, facts, record), withoutThese(goes, record));
  const isThere = (uuid: string) => facts.pmem.namespaces.some(({ rawUuid }) => rawUuid === uuid);
  const others = [...recorded, ...(record?.pmem?.kept ?? [])]
    .filter(({ rawUuid }) => isThere(rawUuid) && !isDeclared(rawUuid))
    .map(({ name, rawUuid }) => ({ name, rawUuid }));
  const stays = others.filter(({ rawUuid }) => !goes.some((each) => each.rawUuid === rawUuid));
  const leaving = [...recorded, ...(record?.pmem?.leaving ?? [])]
    .filter(({ name, label }) => !declared.some((each) => each.name === name && each.label === label))
    .map(({ name, label, rawUuid }) => ({ name, label, rawUuid }));
  const begun = wanted.filter(({ action }) => isMade(action)).map(({ declared: { name } }) => name);
  const details = (kept: NonNullable<PmemRecord["kept"]>, during: Partial<PmemRecord> = {}) => ({
    pmem: {
      namespaces: declared,
      ...during,
      ...(kept.length > 0 ? { kept } : {}),
    },
  });
  const during = {
    ...(begun.length > 0 ? { unfinished: begun } : {}),
    ...(leaving.length > 0 ? { leaving } : {}),
  };
  // A namespace that goes is Nova's until it runs without it, so the restart cannot be left to others then.
  const isNow = args.activation === "now" || goes.length > 0;
  const steps = planConfigurationChange({
    facts,
    object,
    owner: args.owner,
    options,
    beside,
    details: { during: details(others, during), after: details(others) },
    afterwards: { steps: goes.map(destroyStep), details: details(stays) },
    activate: isNow ? { healthTimeoutSeconds: args.healthTimeoutSeconds } : undefined,
  });
  const unknown = declared.filter(({ device }) => !/^dax/.test(device)).map(({ rawUuid }) => rawUuid);
  return {
    steps: unknown.length === 0 ? steps : [...steps, noteDevices(unknown)],
    options,
    restarts: beside.restarts || options.changes.steps().length > 0,
    kept: [
      ...keptWarnings(facts, others, goes).map((words) => `${words}, until consentToDestroy names it`),
      ...bootWarnings(wanted, goes, facts),
    ],
  };
}

/** The way back: Nova without our option first; then only what was consented to is destroyed. */
export function planPmemRemoval(
  args: PersistentMemoryArgs,
  facts: HostFacts,
  record: ObjectRecord,
): { steps: Step[]; options: OptionPlan; kept: string[] } {
  const options = planOptions(facts, object, record, []);
  const goes = consentedNamespaces(args, facts, record);
  const steps = planConfigurationChange({
    facts,
    object,
    owner: undefined,
    options,
    beside: withoutThese(goes, record),
    afterwards: { steps: goes.map(destroyStep), details: {} },
    activate: { healthTimeoutSeconds: args.healthTimeoutSeconds },
  });
  const known = [...(record.pmem?.namespaces ?? []), ...(record.pmem?.kept ?? [])];
  return { steps, options, kept: [...keptWarnings(facts, known, goes), ...bootWarnings([], goes, facts)] };
}

function wantedOption(args: PersistentMemoryArgs, config: NovaConfig): WantedOption {
  const current = config.get(pmemOption.section, pmemOption.option);
  return {
    ...pmemOption,
    value: formatOption(args.namespaces),
    now: current?.text,
    path: current?.path ?? fileForNewOption(config) ?? "/etc/nova/nova.conf",
    isRight: isSameOffer(offeredBy(config), args.namespaces),
  };
}

function recordOf(
  args: PersistentMemoryArgs,
  { declared: { name, label }, action, present }: DesiredNamespace,
  recorded: PmemRecord["namespaces"],
): PmemRecord["namespaces"][number] {
  const isNew = isMade(action);
  const rawUuid = isNew ? namespaceUuid(args.owner, name) : (present?.rawUuid ?? "");
  const before = recorded.find((each) => each.rawUuid === rawUuid)?.device;
  const known = isNew ? undefined : (present?.device ?? before);
  return { name, label, rawUuid, device: known ?? `of ${rawUuid}` };
}

function besideNova(
  args: PersistentMemoryArgs,
  wanted: readonly DesiredNamespace[],
  facts: HostFacts,
  record: ObjectRecord | undefined,
): Beside {
  const moved = renumbered(facts, record).map(({ name, rawUuid, before, now }) => ({
    ...noteDevices([rawUuid]),
    line: `note that ${name} is /dev/${now} now (was /dev/${before})`,
  }));
  const steps = [...moved, ...wanted.flatMap((each) => namespaceSteps(args, each))];
  const reasons = steps.flatMap(({ line }) => line ?? []);
  // Nova reads what there is of namespaces once, when it starts.
  return steps.length === 0 ? nothingBeside : { ...nothingBeside, steps, restarts: true, reasons };
}

/** Before one goes that Nova was told of, Nova starts without it, whatever stands in its files by now. */
function withoutThese(goes: readonly PmemNamespace[], record: ObjectRecord | undefined): Beside {
  const known = [...(record?.pmem?.namespaces ?? []), ...(record?.pmem?.leaving ?? [])];
  const told = goes.filter(({ rawUuid }) => known.some((each) => each.rawUuid === rawUuid));
  const reasons = told.map(({ name }) => `the namespace ${name} goes`);
  return told.length === 0 ? nothingBeside : { ...nothingBeside, restarts: true, reasons };
}

function namespaceSteps(args: PersistentMemoryArgs, each: DesiredNamespace): CallStep[] {
  const { declared, action, present, region, rawBytes, usableBytes, alignBytes } = each;
  const { name } = declared;
  const size = (bytes: number) => formatSize({ bytes });
  switch (action) {
    case "keep":
      return [];
    case "enable":
      return [call("enable_namespace", [name, present?.rawUuid ?? ""], `enable the namespace ${name}`)];
    default: {
      const words = `${size(rawBytes)} in ${region?.dev}, ${size(usableBytes)} usable, aligned to ${size(alignBytes)}`;
      const create = call(
        "create_namespace",
        [name, namespaceUuid(args.owner, name), region?.dev ?? "", rawBytes, alignBytes, declared.map ?? "dev"],
        `create the devdax namespace ${name} of ${words}`,
      );
      return [...(present && action === "replace" ? [destroyStep(present)] : []), create];
    }
  }
}

function destroyStep(namespace: PmemNamespace): CallStep {
  const words = [namespace.name ?? "", namespace.rawUuid ?? "", namespace.uuid ?? ""];
  const line = `destroy the namespace ${namespace.name}, with what is in it: ${consentFor(namespace)}`;
  const proof = { call: "namespace_may_go", args: words, of: `the namespace ${namespace.name}` };
  return { ...call("destroy_namespace", words, line), proof };
}

function noteDevices(rawUuids: readonly string[]): CallStep {
  return silently("note the devices of namespaces", "note_devices", [objectPath(object), ...rawUuids]);
}

function keptWarnings(
  facts: HostFacts,
  leaving: readonly { rawUuid: string }[],
  goes: readonly PmemNamespace[],
): string[] {
  const kept = facts.pmem.namespaces.filter(
    (each) => leaving.some(({ rawUuid }) => rawUuid === each.rawUuid) && !goes.includes(each),
  );
  return kept.map((each) => `the namespace ${consentFor(each)} stays, with what is in it`);
}
