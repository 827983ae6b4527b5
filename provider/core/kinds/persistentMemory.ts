import type { HostFacts } from "../facts/hostFacts";
import type { Inputs } from "../inputs/problem";
import { readNovaConfig } from "../novaConfig";
import { defaultHealthTimeoutSeconds } from "../plan/activation";
import { planLines } from "../plan/step";
import { formatSize } from "../size";
import type { CommonArgs, Evaluation, Json, Kind } from "./kind";
import { type NamespaceArgs, readConsents, readNamespaces } from "./pmemInputs";
import { danglingWarnings } from "./pmemNumbers";
import { offersOfDesired } from "./pmemOffers";
import { flavorKeysOf, inventoryOf, isSameOffer, offeredBy } from "./pmemOption";
import { planPmem, planPmemRemoval } from "./pmemPlan";
import { pmemRefusals, pmemWarnings, removalRefusals } from "./pmemRules";
import { type DesiredNamespace, desiredNamespaces } from "./pmemState";

// ---- Args

export interface PersistentMemoryArgs extends CommonArgs {
  namespaces: NamespaceArgs[];
  /** `NAME UUID=…` of each namespace that may be destroyed. */
  consentToDestroy: string[];
  activation: "now" | "deferred";
  healthTimeoutSeconds: number;
}

// ---- check

function check(inputs: Inputs, common: CommonArgs): PersistentMemoryArgs {
  return {
    ...common,
    namespaces: readNamespaces(inputs),
    consentToDestroy: readConsents(inputs),
    activation: inputs.choice("activation", ["now", "deferred"]) ?? "now",
    healthTimeoutSeconds: inputs.integer("healthTimeoutSeconds", 10, 86_400) ?? defaultHealthTimeoutSeconds,
  };
}

// ---- plan

function evaluate(args: PersistentMemoryArgs, facts: HostFacts): Evaluation {
  const config = readNovaConfig(facts);
  const record = facts.journal.objects.get(name);
  const wanted = desiredNamespaces(args, facts);
  const offered = offeredBy(config);
  const result = {
    problems: pmemRefusals(args, wanted, facts, config, record),
    computed: {
      inventory: inventoryOf(args.namespaces),
      flavorKeys: flavorKeysOf(args.namespaces),
      usableMb: usableOf(wanted, (each) => each.usableBytes),
    } satisfies Record<string, Json>,
    observed: observedInputs(args, wanted, facts, offered),
    exists: record !== undefined || (offered.length > 0 && isSameOffer(offered, args.namespaces)),
  };
  if (result.problems.length > 0) return { ...result, plan: { steps: [], warnings: [] }, effect: undefined };
  const { steps, options, restarts, kept } = planPmem(args, wanted, facts, config, record);
  const lines = planLines({ steps, warnings: [] });
  const isDeferred = args.activation === "deferred" && restarts && !steps.some(({ kind }) => kind === "activate");
  const warnings = lines.length > 0 ? [...pmemWarnings(wanted, facts), ...options.left, ...kept] : [];
  return {
    ...result,
    plan: { steps, warnings: [...danglingWarnings(facts), ...warnings] },
    effect: {
      services: isDeferred ? ["nova-compute"] : [],
      reasons: isDeferred ? lines : [],
      fileSystems: [],
      pmem: offersOfDesired(wanted),
    },
  };
}

function usableOf(wanted: readonly DesiredNamespace[], bytes: (each: DesiredNamespace) => number) {
  return Object.fromEntries(wanted.map((each) => [each.declared.name, Math.floor(bytes(each) / 1024 ** 2)]));
}

/** Under the inputs' names; where the host agrees, in the user's own words. */
function observedInputs(
  args: PersistentMemoryArgs,
  wanted: readonly DesiredNamespace[],
  facts: HostFacts,
  offered: ReturnType<typeof offeredBy>,
): Record<string, Json> {
  const isOffered = ({ label, name }: NamespaceArgs) =>
    offered.some((each) => each.label === label && each.name === name);
  const byName = (value: (name: string) => string | undefined) =>
    Object.fromEntries(
      args.namespaces.flatMap(({ name }) => (value(name) === undefined ? [] : [[name, value(name)!]])),
    );
  const presentOf = (name: string) => facts.pmem.namespaces.find((each) => each.name === name);
  const namespaces = wanted.flatMap(({ declared, present, action, problems }) => {
    const plain = JSON.parse(JSON.stringify(declared)) as Record<string, Json>;
    if (present === undefined || !isOffered(declared)) return [];
    if (action === "keep" && problems.length === 0) return [plain];
    return [{ ...plain, size: formatSize({ bytes: present.rawBytes }) }];
  });
  return {
    namespaces,
    usableMb: usableOf(wanted, ({ present, usableBytes }) => present?.usableBytes ?? usableBytes),
    devices: byName((each) => {
      const device = presentOf(each)?.device;
      return device && `/dev/${device}`;
    }),
    uuids: byName((each) => presentOf(each)?.uuid),
  };
}

// ---- undo

function undo(args: PersistentMemoryArgs, facts: HostFacts): ReturnType<Kind<PersistentMemoryArgs>["undo"]> {
  const record = facts.journal.objects.get(name);
  if (!record) return { plan: { steps: [], warnings: [] }, problems: [] };
  const { steps, options, kept } = planPmemRemoval(args, facts, record);
  const left = offeredBy(readNovaConfig(facts, (path) => options.changes.text(path)));
  const offered = { now: offeredBy(readNovaConfig(facts)), after: left };
  const problems = removalRefusals(args, facts, record, offered);
  return { plan: { steps, warnings: [...options.left, ...kept] }, problems };
}

const name = "PersistentMemory";

export const persistentMemory: Kind<PersistentMemoryArgs> = {
  name,
  inputNames: ["namespaces", "consentToDestroy", "activation", "healthTimeoutSeconds"],
  hasRecord: true,
  check,
  evaluate,
  undo,
};
