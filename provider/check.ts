import { withCloudLines } from "./cloud/inCloud";
import { cloudView, noteRelease } from "./cloud/preview";
import { factsOnceBooted } from "./core/boot";
import { claims } from "./core/claims";
import { HostError, isUnreachable } from "./core/errors";
import { refuseOtherMachine } from "./core/inputs/localConnection";
import { Inputs, type Problem } from "./core/inputs/problem";
import { hasUnknown } from "./core/inputs/unknown";
import type { CommonArgs, Kind } from "./core/kinds/kind";
import { planLines } from "./core/plan/step";
import { readable, readableLine } from "./core/readable";
import { isThisMachine } from "./core/transport/thisMachine";
import { readAheadFailures } from "./readAhead/client";
import {
  type Declared,
  declaredNames,
  evaluate,
  isInterrupted,
  type Properties,
  plannedByOthers,
  problemText,
  type RunContext,
  readInputs,
  refuseNewerState,
  resourceKey,
  say,
  splitInputs,
  stateVersion,
} from "./resource";
import { isSame } from "./same";

export interface CheckResult {
  inputs: Properties;
  failures: { property: string; reason: string }[];
}

/** Looks at inputs and host, tells the plan, and refuses what cannot work. Changes nothing. */
export async function check(kind: Kind<CommonArgs>, olds: Properties, news: Properties): Promise<CheckResult> {
  refuseNewerState(olds);
  const { inputs, context } = splitInputs(news);
  const unknown = Object.keys(inputs).filter((name) => hasUnknown(inputs[name]));
  const known = without(inputs, unknown);
  const problems = [...misspelt(kind, inputs), ...otherMachine(olds, known)];
  const declared = readInputs(kind, known, context);
  if (Array.isArray(declared)) {
    problems.push(...declared.filter((problem) => !unknown.includes(problem.path.split(/[.[]/, 1)[0]!)));
  }
  if (problems.length > 0) return { inputs, failures: problems.map((problem) => toFailure(kind, problem, inputs)) };
  if (unknown.length > 0 || Array.isArray(declared)) {
    if (context.preview)
      say(String(inputs["owner"] ?? kind.name), `${kind.name}: planned once ${unknown.join(", ")} is known`);
    return { inputs: { ...inputs, stateVersion }, failures: [] };
  }
  return checkHost(declared, olds, inputs, context);
}

async function checkHost(
  declared: Declared,
  olds: Properties,
  inputs: Properties,
  context: RunContext,
): Promise<CheckResult> {
  const { kind, session, args, log } = declared;
  try {
    const atOnce = rivalOf(declared, session, context) ?? runOtherwise(declared, session);
    if (atOnce) return { inputs, failures: [toFailure(kind, atOnce, inputs, session.host)] };
    const facts = mayBeBooting(inputs, olds, context) ? await factsOnceBooted(session, log) : await session.facts();
    const { running } = facts.system;
    const rival = rivalOf(declared, running, context) ?? runOtherwise(declared, running);
    if (rival) return { inputs, failures: [toFailure(kind, rival, inputs, session.host)] };
    const twin = claims.twin(session, facts.system);
    if (context.preview && twin !== undefined) {
      log(
        `warning: has the machine-id of ${twin}, too: one is a clone of the other. systemd-machine-id-setup(1) makes a new one`,
      );
    }
    noteRelease(facts);
    const planned = plannedByOthers(declared);
    const evaluation = evaluate(declared, facts, olds, planned);
    const asks = evaluation.problems.length === 0 && (context.preview === true || evaluation.plan.steps.length > 0);
    const cloud = asks ? await cloudView(declared, facts, evaluation) : { problems: [], warnings: [] };
    const problems = [...evaluation.problems, ...cloud.problems];
    if (problems.length > 0) {
      return { inputs, failures: problems.map((problem) => toFailure(kind, problem, inputs, session.host)) };
    }
    if (evaluation.effect) session.planned.set(resourceKey(declared), evaluation.effect);
    else session.planned.delete(resourceKey(declared));
    const lines = withCloudLines(declared, facts, evaluation.plan, planLines(evaluation.plan));
    const warnings = [...evaluation.plan.warnings, ...cloud.warnings];
    if (context.preview) for (const line of [...lines, ...warnings.map((each) => `warning: ${each}`)]) log(line);
    if (context.preview && lines.length === 0 && isInterrupted(declared, facts)) {
      log(
        `restart of ${facts.journal.pending?.services.join(" and ")} is outstanding: an apply was cut, or its ServiceActivation did not run`,
      );
    }
    return { inputs: { ...inputs, ...evaluation.computed, plan: lines, stateVersion }, failures: [] };
  } catch (error) {
    if (isUnreachable(error) && args.unreachable === "skip") {
      log(`skipped: ${error.problem}`);
      const { plan: _plan, ...recorded } = olds;
      return { inputs: { ...recorded, ...inputs, stateVersion }, failures: [] };
    }
    if (error instanceof HostError) return { inputs, failures: await hostFailures(error, context) };
    throw error;
  }
}

/**
 * A host that an update reaches for the first time, by an address from a resource of the same program. In a preview it is
 * unknown, or has been there before; and who says how often to dial is taken at the word.
 */
function mayBeBooting(inputs: Properties, olds: Properties, context: RunContext): boolean {
  if (context.preview || !context.isMadeHere) return false;
  const [now, before] = [inputs, olds].map((each) => (each["connection"] ?? {}) as Properties);
  return now!["host"] !== before!["host"] && (now!["dialErrorLimit"] ?? null) === null;
}

/** Two resources of one program that declare the same object would undo each other, for ever. */
function rivalOf({ kind, args }: Declared, host: unknown, { resource }: RunContext): Problem | undefined {
  const rival = kind.hasRecord ? claims.rival(host, kind.name, { owner: args.owner, resource }) : undefined;
  if (rival === undefined) return undefined;
  const other = rival.owner === args.owner ? "another resource of that name" : rival.owner;
  return {
    path: "",
    message: `${kind.name} of this host is already declared by ${other}; a host has one. Take one of the two out of the program`,
  };
}

/** Facts are read in one way for all resources of a host. */
function runOtherwise(declared: Declared, host: unknown): Problem | undefined {
  const { args } = declared;
  const found = claims.otherInstallation(host, resourceKey(declared), args.installation);
  if (found === undefined) return undefined;
  const message = `differs from that of ${found.other} on the same host, in ${found.names.join(" and ")}; give all resources of a host the same one`;
  return { path: "installation", message };
}

/** The engine ends a run at the first failed check, so that one names every host that could not be read. */
async function hostFailures(error: HostError, context: RunContext): Promise<CheckResult["failures"]> {
  const others = context.readAhead === undefined ? [] : await readAheadFailures(context.readAhead);
  const messages = new Set([error.message, ...others.map((other) => other.message)]);
  return [...messages].map((reason) => ({ property: "", reason: readable(reason) }));
}

/** A misspelt property would silently do nothing. */
function misspelt(kind: Kind<CommonArgs>, inputs: Properties): Problem[] {
  const problems: Problem[] = [];
  new Inputs(inputs, "", problems).rejectUnknown(declaredNames(kind));
  return problems;
}

/** Where an earlier release has made something over a connection, that connection is taken as it is. */
function otherMachine(olds: Properties, inputs: Properties): Problem[] {
  const problems: Problem[] = [];
  const hasWorked = olds["connection"] !== undefined && isSame(olds["connection"], inputs["connection"]);
  if (!hasWorked) refuseOtherMachine(new Inputs(inputs, "", problems), isThisMachine);
  // What is no object at all is told by who reads the connection.
  return problems.filter(({ path }) => path !== "connection");
}

function without(inputs: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !names.includes(name)));
}

/** Declared properties whose values have secrets in them. */
const secretNames = ["connection", "become", "openstack"];

/**
 * The engine prints the value of the property that a failure names: in clear even if it is a secret, and as `{<nil>}` if the
 * program left it out. So it is told the name of what a kind declares, has no secret in it, and has a value; any other path
 * goes into the text instead. What is no property at all may be a credential that was put into the wrong place.
 */
function toFailure(
  kind: Kind<CommonArgs>,
  problem: Problem,
  inputs: Properties,
  host?: string,
): CheckResult["failures"][number] {
  const [name = ""] = problem.path.split(/[.[]/, 1);
  const isPrintable = declaredNames(kind).includes(name) && !secretNames.includes(name);
  if (!isPrintable || !hasValue(inputs, problem.path)) {
    const text = problemText(problem);
    return { property: "", reason: host === undefined ? text : `[${host}] ${text}` };
  }
  const reason = readableLine(problem.message);
  return { property: problem.path, reason: host === undefined ? reason : `${reason} [${host}]` };
}

/** @param path as in `allowHazards[0]` or `connection.port`. */
function hasValue(inputs: Properties, path: string): boolean {
  const names = path.split(/[.[\]]+/).filter((name) => name !== "");
  const value = names.reduce<unknown>((object, name) => (object as Properties | null | undefined)?.[name], inputs);
  return names.length > 0 && value !== undefined && value !== null;
}
