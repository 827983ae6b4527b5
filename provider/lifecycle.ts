import { whileDrained } from "./cloud/drained";
import { inCloud, leftDrained, withCloudLines } from "./cloud/inCloud";
import { forgetFormer, formerMemory, rememberFormer, restorePlacement } from "./cloud/placement";
import { verifiedOrTakenBack } from "./cloud/takenBack";
import { claims } from "./core/claims";
import { HostError, isUnreachable } from "./core/errors";
import type { HostFacts } from "./core/facts/hostFacts";
import { linkProblems } from "./core/hardLinks";
import { readCommon } from "./core/inputs/common";
import { Inputs } from "./core/inputs/problem";
import { hasUnknown } from "./core/inputs/unknown";
import { allowsJobs, guestsAtWork } from "./core/kinds/guestHazards";
import type { CommonArgs, Kind } from "./core/kinds/kind";
import { isOwner } from "./core/ownership";
import { ApplyFailure } from "./core/plan/apply";
import { type ApplyReport, leavesTraces } from "./core/plan/applyLog";
import { type Plan, planLines } from "./core/plan/step";
import { holderName } from "./holder";
import { proveDeclared } from "./proof";
import {
  type Declared,
  evaluate,
  isInterrupted,
  type Properties,
  plannedByOthers,
  readAccepted,
  readRecorded,
  refusal,
  refuseNewerState,
  resourceKey,
  splitInputs,
  stateVersion,
} from "./resource";
import { isSame } from "./same";

/**
 * Three answers: nothing; the host must change; or only what we record differs, which is an update that never touches the
 * host. Works on inputs that were not checked just now: refresh calls it with the old ones.
 */
export async function diff(kind: Kind<CommonArgs>, id: string, olds: Properties, news: Properties) {
  refuseNewerState(olds);
  if (hasUnknown(news)) return { changes: true };
  const declared = readAccepted(kind, news);
  const recordedDiffers = !isSame(recordedArgs(kind, olds), recordedArgs(kind, news));
  try {
    const facts = await declared.session.facts();
    if (kind.hasRecord && isOtherHost(id, facts))
      return { changes: true, replaces: ["connection"], deleteBeforeReplace: true };
    const { plan } = evaluate(declared, facts, olds, plannedByOthers(declared));
    // Should the engine be told to replace it all the same: the old one's delete must not undo the new one's work.
    const isLeft = isInterrupted(declared, facts) || leftDrained(declared, facts) !== undefined;
    const changes = recordedDiffers || plan.steps.length > 0 || isLeft;
    return { changes, deleteBeforeReplace: true };
  } catch (error) {
    if (!isSkipped(declared, error)) throw error;
    return { changes: !isSame(accessOf(olds), accessOf(news)), deleteBeforeReplace: true };
  }
}

export async function create(kind: Kind<CommonArgs>, inputs: Properties) {
  const declared = readAccepted(kind, inputs);
  let report: ApplyReport | undefined;
  try {
    const facts = await bring(declared, inputs, undefined, (ended) => {
      report = ended;
    });
    return { id: idOf(kind, facts.system.hostId ?? facts.system.machineId), outs: outputs(declared, inputs, facts) };
  } catch (error) {
    if (error instanceof ApplyFailure) report = error.report;
    else if (isSkipped(declared, error)) throw nothingToSkip(error);
    if (!report || !leavesTraces(report)) throw error;
    throw begun(error as Error, idOf(kind, report.hostId ?? "unknown"), inputs);
  }
}

function nothingToSkip(error: HostError): HostError {
  return new HostError(error.kind, error.host, error.problem, {
    advice: "What is not there yet cannot be skipped: take it out of the program until the host answers.",
    cause: error,
  });
}

/** With an id and properties the engine keeps the resource in state, so that destroy can take back what was begun. */
function begun(error: Error, id: string, inputs: Properties): Error {
  const { __run: _run, ...properties } = inputs;
  return Object.assign(new Error(error.message), { id, properties, reasons: [error.message] });
}

function idOf(kind: Kind<CommonArgs>, host: string): string {
  return `${host}/${kind.name}`;
}

export async function update(kind: Kind<CommonArgs>, _id: string, olds: Properties, news: Properties) {
  const declared = readAccepted(kind, news);
  try {
    return { outs: outputs(declared, news, await bring(declared, news, olds)) };
  } catch (error) {
    if (!isSkipped(declared, error)) throw error;
    return { outs: { ...splitInputs(olds).inputs, ...accessOf(news) } };
  }
}

function isSkipped({ args }: Declared, error: unknown): error is HostError {
  return args.unreachable === "skip" && wasNotReached(error);
}

/** An apply that began has reached its host, also where the link to it was lost. */
function wasNotReached(error: unknown): error is HostError {
  return isUnreachable(error) && !(error instanceof ApplyFailure);
}

/** How a host is reached: recorded also while it is not, since refresh and destroy know only what is recorded. */
function accessOf(properties: Properties): Properties {
  const names = ["connection", "become", "unreachable", "lockTimeoutSeconds"];
  return Object.fromEntries(names.map((name) => [name, properties[name]]));
}

/** Brings the host to what is declared and returns facts from after that. */
async function bring(
  declared: Declared,
  inputs: Properties,
  olds: Properties | undefined,
  onApplied: (report: ApplyReport) => void = () => {},
): Promise<HostFacts> {
  const { session, args } = declared;
  const shown = inputs["plan"] as string[] | undefined;
  const name = holderName(args.owner);
  const options = applyOptions(declared, name);
  const there = inCloud(declared);
  const former = there && (await formerMemory(there, await session.facts()));
  const makePlan = (facts: HostFacts): Plan => {
    const { problems, plan } = evaluate(declared, facts, olds ?? inputs);
    if (problems.length > 0) throw refusal(session.host, problems);
    refuseOtherSteps(session.host, withCloudLines(declared, facts, plan, planLines(plan)), shown);
    return plan;
  };
  const apply = async () => {
    let plan: Plan = { steps: [], warnings: [] };
    const { report, facts: before } = await session.apply((facts) => {
      plan = rememberFormer(makePlan(facts), facts, former);
      return plan;
    }, options);
    if (report) onApplied(report);
    session.planned.delete(resourceKey(declared));
    const facts = await proveDeclared(declared, olds ?? inputs, name);
    if (there) await verifiedOrTakenBack(there, facts, { report, plan, before }, options, onApplied);
    return facts;
  };
  if (!there) return apply();
  try {
    return await whileDrained(there, makePlan, options, apply);
  } catch (error) {
    if (former && !isUnreachable(error)) await forgetFormer(declared, options);
    throw error;
  }
}

function applyOptions({ args, log }: Declared, holder: string) {
  const { lockTimeoutSeconds } = args;
  return { holder, lockTimeoutSeconds, allowJobs: allowsJobs(args), progress: log };
}

/** Only what was shown is done; that nothing is left to do is always fine. */
function refuseOtherSteps(host: string, lines: readonly string[], shown: readonly string[] | undefined): void {
  if (lines.length === 0 || shown === undefined || isSame(lines, shown)) return;
  throw new HostError("moved", host, `the host has changed since the preview; now it would take: ${lines.join("; ")}`, {
    advice: "Preview again. Nothing was changed.",
  });
}

export async function read(kind: Kind<CommonArgs>, id: string, properties: Properties) {
  const declared = readRecorded(kind, properties);
  const { inputs } = splitInputs(properties);
  try {
    const facts = await declared.session.facts();
    const { exists, observed } = evaluate(declared, facts, properties);
    if (!exists) return {};
    return { id, props: { ...inputs, ...observed } };
  } catch (error) {
    if (!isSkipped(declared, error)) throw error;
    declared.log(`skipped: ${error.problem}`);
    return { id, props: inputs };
  }
}

/**
 * The engine deletes what a program does not declare any more, and the former half of a replacement. An object that this
 * very run declares under the same owner is in use: its resource was moved to another parent, say, or is replaced.
 */
export async function remove(kind: Kind<CommonArgs>, _id: string, properties: Properties): Promise<void> {
  const declared = readRecorded(kind, properties);
  const { session, args, log } = declared;
  const isElsewhere = (facts: HostFacts) =>
    [session, facts.system.running].some((host) => claims.isDeclared(host, kind.name, args.owner));
  const isOurs = (facts: HostFacts) =>
    !isElsewhere(facts) && (!kind.hasRecord || isOwner(kind.name, args.owner, facts));
  const makePlan = (facts: HostFacts): Plan => {
    if (!isOurs(facts)) return { steps: [], warnings: [] };
    const { plan, problems: ofKind } = kind.undo(args, facts);
    const problems = [...ofKind, ...linkProblems(plan, facts), ...guestsAtWork(args, plan, facts)];
    if (problems.length > 0) throw refusal(session.host, problems);
    return plan;
  };
  const sayPlan = (facts: HostFacts, plan: Plan): void => {
    if (isElsewhere(facts))
      log(`${kind.name}: the program declares it in another place or anew; what is set on the host stays`);
    else if (!isOurs(facts))
      log(`${kind.name}: this host has no record of ${args.owner}; what is set on it stays as it is`);
    for (const line of [...planLines(plan), ...plan.warnings]) log(line);
  };
  const options = applyOptions(declared, holderName(args.owner));
  const apply = () =>
    session.apply((facts) => {
      const plan = makePlan(facts);
      sayPlan(facts, plan);
      return plan;
    }, options);
  const undo = async () => {
    const mayDrain = args.cloud?.drain !== undefined || leftDrained(declared, await session.facts()) !== undefined;
    const there = mayDrain ? inCloud(declared) : undefined;
    return there ? whileDrained(there, makePlan, options, apply) : apply();
  };
  await undo().catch((error: unknown) => {
    throw wasNotReached(error) ? notRemoved(error) : error;
  });
  await restorePlacement(declared, options);
}

/** Whatever `unreachable` says: to come back without an error would be to say that it is deleted. */
function notRemoved(error: HostError): HostError {
  return new HostError(error.kind, error.host, `${error.problem}; what is on the host stays, and is not forgotten`, {
    advice: "If the host is gone for good, `pulumi state delete URN` forgets it (docs/troubleshooting.md).",
    cause: error,
  });
}

/** What state records: the inputs as written, what check computed, and what the host has. */
function outputs(declared: Declared, properties: Properties, facts: HostFacts): Properties {
  const { plan: _plan, ...inputs } = splitInputs(properties).inputs;
  return { ...inputs, ...evaluate(declared, facts, properties).observed, stateVersion };
}

/** All that is recorded, in the user's own words and with defaults filled in: a property left out is its default. */
function recordedArgs(kind: Kind<CommonArgs>, properties: Properties): unknown {
  const reader = new Inputs(properties, "", []);
  return {
    ...kind.check(reader, readCommon(reader)),
    connection: properties["connection"],
    become: properties["become"],
  };
}

/** Same address, other installation: what we made is not there, and what is there is not ours. */
function isOtherHost(id: string, facts: HostFacts): boolean {
  return id.split("/")[0] !== facts.system.hostId;
}
