import { strict as assert } from "node:assert";
import { sha256 } from "../../../provider/core/facts/hostFile";
import { applySplices } from "../../../provider/core/files/edit";
import { readCommon } from "../../../provider/core/inputs/common";
import { Inputs } from "../../../provider/core/inputs/problem";
import { kinds } from "../../../provider/core/kinds";
import { guestsAtWork } from "../../../provider/core/kinds/guestHazards";
import { type CommonArgs, type Evaluation, type Kind, probesOf } from "../../../provider/core/kinds/kind";
import { restartRefusals } from "../../../provider/core/kinds/restartRefusals";
import { ownerProblems } from "../../../provider/core/ownership";
import { type Plan, planLines, type Step } from "../../../provider/core/plan/step";
import type { PlannedEffect } from "../../../provider/core/session";
import { assertAnnounced } from "./announced";
import { DescribedHost, type HostDescription } from "./describedHost";

/** What happened on a host before the case: applies of ours, perhaps cut after some steps, and edits by hand. */
type Event =
  | { kind?: string; apply: Record<string, unknown>; cutAfter?: number; unhealthy?: true }
  | { kind?: string; undo: Record<string, unknown>; cutAfter?: number }
  | { replace: string; with: string; in: string }
  | { call: string; args: string[] }
  /** The mount point of a store, and the libvirt daemon that waits for it. */
  | { bootWithout: [mountPoint: string, daemon: string] }
  | { unplug: string }
  /** What becomes of nova-compute's unit. */
  | { nova: NonNullable<HostDescription["nova"]> }
  | { renumber: string; to: string }
  | { disable: string; leaves?: "raw" }
  /** Who has it open. */
  | { usedBy: string; user: string }
  /** ndctl. */
  | { fails: string };

/** One JSON file in test/fixtures/plans/<kind>: a host, what is declared, and what must come of it. */
export interface PlanCase {
  host?: HostDescription;
  history?: Event[];
  /** What is declared; `undo` instead for what is removed. */
  declare?: Record<string, unknown>;
  undo?: Record<string, unknown>;
  /** Inputs that state recorded last time. */
  recorded?: Record<string, unknown>;
  /** Announced by resources before this one. */
  planned?: Partial<PlannedEffect>[];
  expected: {
    /** All lines of the plan. */
    plan?: string[];
    /** Functions of the host's library among others that the plan calls. */
    calls?: string[];
    /** Beginnings or parts of each warning, in order. */
    warnings?: string[];
    /** Path and part of the message of each problem, in order. */
    problems?: [path: string, part: string][];
    computed?: Record<string, unknown>;
    observed?: Record<string, unknown>;
    exists?: boolean;
    effect?: Partial<PlannedEffect> | null;
    /** Lines of files once the plan is applied. */
    files?: Record<string, string[] | null>;
    /** Memory that Nova must report, and must report after going back. */
    memoryMb?: [after: number | null, afterGoingBack: number | null];
  };
}

const defaults = { connection: { host: "compute-1" }, owner: "project/stack/memory" };

export function readArgs(kind: Kind<CommonArgs>, declared: Record<string, unknown>): CommonArgs {
  const problems: Inputs["problems"] = [];
  const inputs = new Inputs({ ...defaults, ...declared }, "", problems);
  const args = kind.check(inputs, readCommon(inputs));
  assert.deepEqual(problems, []);
  return args;
}

/** What a check says of a case, owner included. */
function evaluateCase(kindName: string, planCase: PlanCase) {
  const kind = kinds.get(kindName)!;
  const host = new DescribedHost(planCase.host ?? {});
  for (const event of planCase.history ?? []) {
    happen(("kind" in event && event.kind && kinds.get(event.kind)) || kind, host, event);
  }
  const args = readArgs(kind, (planCase.declare ?? planCase.undo)!);
  const surroundings = { recorded: planCase.recorded, planned: (planCase.planned ?? []) as PlannedEffect[] };

  const facts = host.facts(probesOf(kind, args));
  const evaluation = planCase.undo ? kind.undo(args, facts) : kind.evaluate(args, facts, surroundings);
  const owners = planCase.undo ? [] : ownerProblems(kindName, args, undefined, facts, evaluation.plan);
  const ofRestarts = planCase.undo
    ? guestsAtWork(args, evaluation.plan, facts)
    : restartRefusals({ kind, args }, evaluation.plan, facts, surroundings.planned);
  return { kind, host, args, surroundings, evaluation, problems: [...owners, ...evaluation.problems, ...ofRestarts] };
}

/** The messages of a case's problems. */
export function refusalsOf(kindName: string, planCase: PlanCase): string[] {
  return evaluateCase(kindName, planCase).problems.map(({ message }) => message);
}

/** Everything that a case says: problems, warnings, its steps in words, and what they write. */
export function textsOf(kindName: string, planCase: PlanCase): string[] {
  const { problems, evaluation } = evaluateCase(kindName, planCase);
  const computed = "computed" in evaluation ? evaluation.computed : {};
  const { steps, warnings } = evaluation.plan;
  const written = steps.map(
    (step) => ("what" in step ? step.what : "content" in step ? step.content : undefined) ?? "",
  );
  const proofs = steps.flatMap((step) => ("proof" in step && step.proof ? [step.proof.of] : []));
  const said = [...problems.map(({ message }) => message), ...warnings, ...planLines(evaluation.plan)];
  return [...said, ...written, ...proofs, ...stringsIn(computed)];
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** Plans a case, and compares; then applies the plan and wants nothing left to do. */
export function assertPlanCase(kindName: string, planCase: PlanCase): void {
  const { kind, host, args, surroundings, evaluation, problems } = evaluateCase(kindName, planCase);
  const { expected } = planCase;
  assertParts(
    problems.map(({ path, message }) => [path, message]),
    expected.problems ?? [],
  );
  if (expected.plan || problems.length === 0) assert.deepEqual(planLines(evaluation.plan), expected.plan ?? []);
  if (problems.length === 0) assertSimilar(evaluation.plan.warnings, expected.warnings ?? []);
  const calls = evaluation.plan.steps.flatMap((step) => (step.kind === "call" ? [step.call] : []));
  for (const call of expected.calls ?? []) assert.ok(calls.includes(call), `${call} is not among ${calls}`);
  for (const part of ["computed", "observed", "exists", "effect"] as const) {
    if (part in expected) {
      const found = (evaluation as unknown as Record<string, unknown>)[part] ?? null;
      const wanted = expected[part];
      const isPartial = (part === "observed" || part === "effect") && wanted !== null && found !== null;
      assert.deepEqual(isPartial ? pick(found, wanted as Record<string, unknown>) : found, wanted, part);
    }
  }
  if (problems.length > 0) return;
  assertWriteAhead(host, evaluation.plan);
  for (const step of evaluation.plan.steps) {
    assert.ok(step.kind !== "call" || step.line || step.what, `${"call" in step && step.call} can fail in plain words`);
  }
  if (expected.memoryMb) {
    const step = evaluation.plan.steps.find((each) => each.kind === "activate");
    assert.deepEqual([step?.health.expectedMemoryMb ?? null, step?.rollbackMemoryMb ?? null], expected.memoryMb);
  }

  perform(host, evaluation.plan.steps);
  for (const [path, lines] of Object.entries(expected.files ?? {})) {
    assert.deepEqual(host.text(path)?.split("\n") ?? null, lines, path);
  }
  const facts = host.facts(probesOf(kind, args));
  if (!planCase.undo) assertAnnounced((evaluation as Evaluation).effect, facts);
  const again = planCase.undo
    ? kind.undo(args, facts)
    : kind.evaluate(args, facts, { recorded: surroundings.recorded, planned: [] });
  assert.deepEqual(again.plan.steps, [], "a second plan");
}

/** Applies steps in memory, as the script on the host does, and insists on the hashes that it insists on. */
export function perform(host: DescribedHost, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind === "write-record") {
      if (step.content === undefined) host.remove(step.path);
      else host.write(step.path, step.content);
    } else if (step.kind === "edit-file") {
      const text = host.text(step.path) ?? "";
      assert.equal(sha256(text), step.before, step.path);
      host.write(step.path, applySplices(text, step.splices));
      assert.equal(sha256(host.text(step.path)!), step.after, step.path);
    } else if (step.kind === "write-file") {
      if (step.content === undefined) host.remove(step.path);
      else host.write(step.path, step.content);
    } else if (step.kind === "call") {
      if (step.call === "start_refused") host.startRefused();
      if (!host.pages.perform(step, host) && !host.pmem.perform(step, host)) {
        host.storage.perform(step, host.text("/etc/fstab") ?? "");
      }
    } else {
      assert.equal(step.kind, "activate");
    }
  }
}

function happen(kind: Kind<CommonArgs>, host: DescribedHost, event: Event): void {
  if ("replace" in event) {
    const text = host.text(event.in) ?? "";
    assert.ok(text.includes(event.replace), `${event.in} has "${event.replace}"`);
    host.write(event.in, text.replace(event.replace, event.with));
    return;
  }
  if ("nova" in event) {
    host.setNova(event.nova);
    return;
  }
  if ("unplug" in event) {
    host.storage.unplug(event.unplug);
    return;
  }
  if ("bootWithout" in event) {
    host.bootWithout(...event.bootWithout);
    return;
  }
  if ("renumber" in event) {
    host.pmem.renumber(event.renumber, event.to);
    return;
  }
  if ("disable" in event) {
    host.pmem.disable(event.disable, event.leaves === "raw");
    return;
  }
  if ("usedBy" in event) {
    host.pmem.use(event.usedBy, event.user);
    return;
  }
  if ("fails" in event) {
    host.pmem.fail(event.fails);
    return;
  }
  if ("call" in event) {
    perform(host, [{ kind: "call", line: undefined, ...event }]);
    return;
  }
  const args = readArgs(kind, "apply" in event ? event.apply : event.undo);
  const facts = host.facts(probesOf(kind, args));
  const made =
    "apply" in event ? kind.evaluate(args, facts, { recorded: undefined, planned: [] }) : kind.undo(args, facts);
  assert.deepEqual(made.problems, []);
  const { steps } = made.plan;
  if ("apply" in event && event.unhealthy) {
    const at = steps.findIndex((step) => step.kind === "activate");
    const activation = steps[at];
    assert.ok(activation?.kind === "activate");
    perform(host, [...steps.slice(0, at), ...activation.rollback, ...activation.afterRollback]);
  } else {
    perform(host, steps.slice(0, event.cutAfter ?? steps.length));
  }
}

/** At no moment may a line of ours be in a file without a record that says so, nor services lag behind unnoticed. */
function assertWriteAhead(host: DescribedHost, plan: Plan): void {
  const facts = host.facts();
  const recorded = new Set<string>();
  const remember = (content: string | undefined) => {
    for (const raw of content?.match(/"ours": \[[^\]]*\]/g) ?? []) recorded.add(raw);
  };
  for (const path of facts.journal.hashes.keys()) remember(host.text(path));
  let pending = facts.journal.pending !== undefined;
  for (const step of plan.steps) {
    if (step.kind === "write-record") {
      remember(step.content);
      if (step.path.endsWith("/pending.json")) pending = step.content !== undefined;
    }
    if (step.kind !== "edit-file") continue;
    assert.ok(pending || step.path === "/etc/fstab", "a note of the pending restart comes first");
    for (const { insert } of step.splices) {
      for (const line of insert.split("\n").filter((each) => /^\w+ ?= ?/.test(each))) {
        const quoted = JSON.stringify(line);
        const known = [...recorded].some((raw) => raw.includes(quoted)) || isRestored(facts, line);
        assert.ok(known, `${line} is recorded before it is written`);
      }
    }
  }
}

function isRestored(facts: ReturnType<DescribedHost["facts"]>, line: string): boolean {
  return [...facts.journal.objects.values()].some((record) => record.edits.some((edit) => edit.before === line));
}

function assertParts(actual: [string, string][], expected: [string, string][]): void {
  const shown = JSON.stringify(actual, undefined, 1);
  assert.deepEqual(
    actual.map(([path]) => path),
    expected.map(([path]) => path),
    shown,
  );
  assertSimilar(
    actual.map(([, message]) => message),
    expected.map(([, part]) => part),
  );
}

function assertSimilar(actual: string[], expected: string[]): void {
  assert.equal(actual.length, expected.length, JSON.stringify(actual, undefined, 1));
  for (const [index, part] of expected.entries()) assert.ok(actual[index]!.includes(part), `${actual[index]}\n${part}`);
}

function pick(found: unknown, like: Record<string, unknown>): unknown {
  return Object.fromEntries(Object.keys(like).map((name) => [name, (found as Record<string, unknown>)[name]]));
}
