import type { HostFacts } from "../facts/hostFacts";
import { noNovaCompute } from "../foreignFiles";
import { cloudInputNames, readCloud } from "../inputs/cloud";
import type { Inputs } from "../inputs/problem";
import { defaultHealthTimeoutSeconds, planPendingActivation, restartsFor } from "../plan/activation";
import { FileChanges } from "../plan/fileChanges";
import type { Step } from "../plan/step";
import { goingTraits, removeTrait } from "../plan/traits";
import type { CommonArgs, Evaluation, Kind, Surroundings } from "./kind";

// ---- Args

export interface ServiceActivationArgs extends CommonArgs {
  healthTimeoutSeconds: number;
}

// ---- check

function check(inputs: Inputs, common: CommonArgs): ServiceActivationArgs {
  const healthTimeoutSeconds = inputs.integer("healthTimeoutSeconds", 10, 86_400) ?? defaultHealthTimeoutSeconds;
  return { ...common, healthTimeoutSeconds, ...readCloud(inputs, { restarts: true, healthTimeoutSeconds }) };
}

// ---- plan

function evaluate(args: ServiceActivationArgs, facts: HostFacts, surroundings: Surroundings): Evaluation {
  const problems = facts.novaCompute ? [] : [{ path: "", message: noNovaCompute(facts) }];
  const waiting = facts.journal.pending
    ? planPendingActivation(facts, FileChanges.on(facts), args.healthTimeoutSeconds)
    : [];
  const steps = waiting.length > 0 && surroundings.planned.length === 0 ? waiting : announced(facts, surroundings);
  return {
    problems,
    plan: { steps, warnings: [] },
    computed: {},
    observed: { pending: facts.journal.pending?.services ?? [] },
    exists: true,
    effect: undefined,
  };
}

/**
 * In a preview nothing is pending yet: what the resources before this one will do says which restarts there will be. These
 * steps are only ever shown, since an apply starts from the host as those resources left it.
 */
function announced(facts: HostFacts, surroundings: Surroundings): Step[] {
  const services = [
    ...surroundings.planned.flatMap((effect) => effect.services),
    ...(facts.journal.pending?.services ?? []),
  ];
  if (services.length === 0) return [];
  const decided = surroundings.planned.findLast((effect) => effect.goingTraits !== undefined)?.goingTraits;
  const going = decided ?? goingTraits(facts.journal.objects.get("PageSizePolicy"));
  const removed = going.map((trait) => removeTrait(facts, trait));
  const restarts = restartsFor(facts, services, facts.journal.pending?.ran);
  const nova = facts.novaCompute?.unit.name;
  if (restarts.length === 0 || nova === undefined) return removed;
  const evidence = { pattern: "", stableSeconds: 0 };
  const health = { novaUnit: nova, logFile: undefined, expectedMemoryMb: undefined, timeoutSeconds: 0, evidence };
  const none = { reasons: [], rollback: [], afterRollback: [], rollbackMemoryMb: undefined };
  return [{ kind: "activate", restarts, health, ...none }, ...removed];
}

// ---- undo

/** Nothing on the host is its own: what is pending is done by the configuration's own removal. */
function undo(): ReturnType<Kind<ServiceActivationArgs>["undo"]> {
  return { plan: { steps: [], warnings: [] }, problems: [] };
}

export const serviceActivation: Kind<ServiceActivationArgs> = {
  name: "ServiceActivation",
  inputNames: ["healthTimeoutSeconds", ...cloudInputNames],
  hasRecord: false,
  check,
  evaluate,
  undo,
};
