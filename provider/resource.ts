import { HostError } from "./core/errors";
import type { HostFacts } from "./core/facts/hostFacts";
import { foreignRoot } from "./core/facts/installation";
import { commonInputNames, readAccess, readCommon } from "./core/inputs/common";
import { Inputs, type Problem } from "./core/inputs/problem";
import { type CommonArgs, type Evaluation, type Kind, probesOf } from "./core/kinds/kind";
import { restartRefusals } from "./core/kinds/restartRefusals";
import { ownerProblems } from "./core/ownership";
import type { Plan, Step } from "./core/plan/step";
import { readableLine } from "./core/readable";
import type { HostSession, PlannedEffect } from "./core/session";
import { sessionFor } from "./core/sessions";
import { lacking, minimums } from "./core/versions";
import { noteChange, readAhead } from "./readAhead/client";

/** Properties as the engine hands them over: plain values of any shape. */
export type Properties = Record<string, unknown>;

/** Version of what we record in state; a runtime refuses state of a newer one. */
export const stateVersion = 1;

/** What the SDK sends with every resource for this run only; never recorded. */
export interface RunContext {
  /** Socket of the program's process that reads all hosts at once. */
  readAhead?: string;
  preview?: boolean;
  /** The connection comes from another resource of the program, which may have made the host in this very run. */
  isMadeHere?: boolean;
  /** Number of the resource in its program. */
  resource?: number;
}

/** Inputs that the user or the SDK gives, and those that check computes from the host. */
export function declaredNames(kind: Kind<CommonArgs>): string[] {
  return [...commonInputNames, ...kind.inputNames];
}

/** Splits off what must never be recorded. */
export function splitInputs(news: Properties): { inputs: Properties; context: RunContext } {
  const { __provider: _provider, __run: context, ...inputs } = news;
  return { inputs, context: (context as RunContext | undefined) ?? {} };
}

/** A resource whose inputs were read without a problem. */
export interface Declared {
  kind: Kind<CommonArgs>;
  args: CommonArgs;
  session: HostSession;
  /** Says something about this host to the user. */
  log: (message: string) => void;
}

/** Reads inputs; problems are returned, not thrown, so that one run names them all. */
export function readInputs(kind: Kind<CommonArgs>, inputs: Properties, context: RunContext): Declared | Problem[] {
  const problems: Problem[] = [];
  const reader = new Inputs(inputs, "", problems);
  const access = readAccess(reader);
  const args = kind.check(reader, readCommon(reader));
  if (!access || problems.length > 0) return problems;
  return declaredWith(kind, args, access, context);
}

/** Reads inputs that check accepted: a problem now means that they were tampered with. */
export function readAccepted(kind: Kind<CommonArgs>, properties: Properties): Declared {
  const { inputs, context } = splitInputs(properties);
  refuseNewerState(inputs);
  const declared = readInputs(kind, inputs, context);
  if (!Array.isArray(declared)) return declared;
  throw new Error(`the recorded inputs are not valid: ${declared.map(problemText).join("; ")}`);
}

/**
 * Reads outputs of state, which hold what the host had: after a refresh that found the object damaged, values that nobody
 * could declare. Only the way to the host must be right.
 */
export function readRecorded(kind: Kind<CommonArgs>, properties: Properties): Declared {
  const { inputs, context } = splitInputs(properties);
  refuseNewerState(inputs);
  const problems: Problem[] = [];
  const access = readAccess(new Inputs(inputs, "", problems));
  if (!access) throw new Error(`the recorded connection is not valid: ${problems.map(problemText).join("; ")}`);
  const reader = new Inputs(inputs, "", []);
  return declaredWith(kind, kind.check(reader, readCommon(reader)), access, context);
}

function declaredWith(
  kind: Kind<CommonArgs>,
  args: CommonArgs,
  access: NonNullable<ReturnType<typeof readAccess>>,
  context: RunContext,
): Declared {
  const { readAhead: socket } = context;
  const session = sessionFor(access, {
    readAhead: async (key) => (socket === undefined ? undefined : readAhead(socket, key)),
    noteChange: async (key) => (socket === undefined ? undefined : noteChange(socket, key)),
  });
  session.probe(probesOf(kind, args));
  return { kind, args, session, log: (message) => say(session.host, message) };
}

export function refuseNewerState(state: Properties): void {
  const version = state["stateVersion"];
  if (typeof version === "number" && version > stateVersion) {
    throw new Error(
      `this state was written by a newer pulumi-hostmem (state version ${version}, this one knows ${stateVersion}); install at least that version`,
    );
  }
}

/**
 * The kind's view of the host, with what holds for every kind added.
 *
 * @param planned what resources before this one will still do; nothing once it is this one's turn to apply.
 */
export function evaluate(
  { kind, args }: Declared,
  facts: HostFacts,
  recorded: Properties | undefined,
  planned: readonly PlannedEffect[] = [],
): Evaluation {
  const evaluation = kind.evaluate(args, facts, { recorded, planned });
  const owners = ownerProblems(kind.name, args, recorded?.["owner"] as string | undefined, facts, evaluation.plan);
  const lacks = lacking(minimums.apply, facts.versions).map(({ lack, advice }) => ({
    path: "",
    message: `${lack}; ${advice}`,
  }));
  const root = facts.novaCompute && foreignRoot(facts.novaCompute, args.installation);
  const problems = [
    ...(root === undefined ? [] : [{ path: "installation", message: root }]),
    ...owners,
    ...lacks,
    ...evaluation.problems,
    ...restartRefusals({ kind, args }, evaluation.plan, facts, planned),
  ];
  const plan = problems.length > 0 ? evaluation.plan : withRecords(kind.name, args, facts, evaluation.plan);
  return { ...evaluation, plan, problems };
}

/** What is to be said, or done, about the record that the host has of this object, beside what the kind does. */
function withRecords(kind: string, args: CommonArgs, facts: HostFacts, plan: Plan): Plan {
  const owner = facts.journal.objects.get(kind)?.owner;
  if (owner === undefined) return plan;
  const warnings = [...plan.warnings];
  if (owner !== args.owner) warnings.unshift(`${kind} belonged to ${owner} until now`);
  if (!facts.system.isCopy) return { ...plan, warnings };
  warnings.unshift("the records on this host were made on another machine: its disk was copied here, or moved");
  return { steps: plan.steps.length > 0 ? plan.steps : [renewHostId], warnings };
}

/** Every apply sees to the host's identity; this one does no more. */
const renewHostId: Step = { kind: "call", call: "true", args: [], line: undefined, what: "give the host an identity" };

/** A restart that an earlier run left undone; one that this run brought about is the ServiceActivation's to do. */
export function isInterrupted({ session }: Declared, facts: HostFacts): boolean {
  return facts.journal.pending !== undefined && !session.hasApplied;
}

/** What other resources of this host will do in this run, as far as they were checked already. */
export function plannedByOthers(declared: Declared): PlannedEffect[] {
  return [...declared.session.planned].flatMap(([key, effect]) => (key === resourceKey(declared) ? [] : [effect]));
}

export function resourceKey({ kind, args }: Declared): string {
  return `${kind.name} ${args.owner}`;
}

export function problemText(problem: Problem): string {
  const message = readableLine(problem.message);
  return problem.path === "" ? message : `${problem.path}: ${message}`;
}

/** Problems of a host as one error, for the methods that cannot return failures. */
export function refusal(host: string, problems: readonly Problem[]): HostError {
  return new HostError("refused", host, problems.map(problemText).join("\n  "));
}

/** A line for the user; the plugin's standard output shows up as a message of the stack. */
export function say(host: string, message: string): void {
  console.log(`[${host}] ${readableLine(message)}`);
}
