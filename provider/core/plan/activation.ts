import type { HostFacts } from "../facts/hostFacts";
import type { ObjectRecord, PendingRecord, Service } from "../facts/journal";
import { libvirtUnit, refusedLibvirt, type UnitFacts } from "../facts/units";
import type { OptionEdit } from "../files/edit";
import { parseInteger } from "../files/osloConfig";
import { objectPath, pendingPath } from "../host/paths";
import { guardPath } from "../host/units";
import { hidesInfo, hidesProcess, type NovaConfig, novaLogFile, readNovaConfig } from "../novaConfig";
import { type Beside, besideReturn, nothingBeside } from "./beside";
import type { FileChanges } from "./fileChanges";
import { type OptionPlan, planReturn } from "./options";
import { isRunning, pendingAfter, withoutReturn } from "./pendingNote";
import { RecordWrites, serialise } from "./recordWrites";
import type { ActivateStep, StartEvidence, Step, WriteRecordStep } from "./step";
import { removeGoingTraits } from "./traits";

export const defaultHealthTimeoutSeconds = 300;

/** The object whose traits may wait for a restart. */
const policy = "PageSizePolicy";

export interface ConfigurationChange {
  facts: HostFacts;
  object: string;
  /** The object's record as it shall be, without its edits; undefined when the object goes. */
  owner: string | undefined;
  options: OptionPlan;
  /** Default: nothing. */
  beside?: Beside;
  /** What the object's record holds beside edits, while the change is made and after it. Default: what it holds now. */
  details?: { during: Partial<ObjectRecord>; after: Partial<ObjectRecord> };
  /** What comes after the restart, and what the record holds once that is done. Default: nothing. */
  afterwards?: { steps: Step[]; details: Partial<ObjectRecord> };
  /** Whoever restarts must have moved running guests away before. */
  countsOnMigration?: boolean;
  /** Undefined to leave the restart to a ServiceActivation. */
  activate: { healthTimeoutSeconds: number } | undefined;
}

/**
 * The steps that make a change of configuration survive a cut anywhere: first what will be ours and whose it is, then the
 * note that services must be restarted and how to go back, then the files. The note goes only once the services run
 * healthily, and nothing is forgotten that may still be in a file.
 */
export function planConfigurationChange(change: ConfigurationChange): Step[] {
  const { facts, object, options, beside = nothingBeside } = change;
  const journal = facts.journal;
  const fileSteps = options.changes.steps();
  const before = journal.objects.get(object);
  const record = (owner: string, edits: OptionEdit[], details?: Partial<ObjectRecord>): ObjectRecord => ({
    ...before,
    ...details,
    version: 1,
    owner,
    edits,
  });
  const during = change.owner === undefined ? before : record(change.owner, options.during, change.details?.during);
  // An object that goes is known, with nothing left of its own, until the services run without it.
  const lastOwner = change.owner ?? before?.owner;
  const after = lastOwner === undefined ? undefined : record(lastOwner, options.after, change.details?.after);
  const isChange = fileSteps.length > 0 || beside.restarts;
  const composed = pendingAfter(
    facts,
    fileSteps.map((step) => step.path),
    options,
    beside,
    change.countsOnMigration,
  );
  // Without its store libvirt cannot be started at all, and nobody wants to go back to that: whoever takes the guard away,
  // or brings the store, starts the services with what the files say then.
  const mustWait = change.owner === undefined && isHeldByStore(facts);
  const pending = mustWait && composed ? withoutReturn(composed) : composed;
  const records = new RecordWrites(journal.hashes);

  const steps: Step[] = [
    ...records.write(objectPath(object), during),
    ...(isChange ? records.write(pendingPath, pending) : []),
    ...beside.steps,
    ...fileSteps,
  ];
  if (change.activate && pending && !mustWait) {
    steps.push(...records.write(objectPath(object), after));
    const recorded = new Map([...journal.objects, ...(after ? [[object, after] as const] : [])]);
    const origin = { object, record: before };
    const { healthTimeoutSeconds } = change.activate;
    const activation = planActivation(facts, pending, options.changes, recorded, healthTimeoutSeconds, origin);
    steps.push(...(activation ? [activation] : []), ...records.write(pendingPath, undefined));
    // The policy itself has its own list of what comes afterwards.
    if (object !== policy) steps.push(...removeGoingTraits(facts, journal.objects.get(policy), records));
  }
  const last = after && { ...after, ...change.afterwards?.details };
  return [
    ...steps,
    ...(change.afterwards?.steps ?? []),
    ...records.write(objectPath(object), change.owner === undefined ? undefined : last),
  ];
}

/** The steps that do what is pending, for whoever comes after the edits. */
export function planPendingActivation(facts: HostFacts, changes: FileChanges, healthTimeoutSeconds: number): Step[] {
  const pending = facts.journal.pending;
  if (!pending) return [];
  const activation = planActivation(facts, pending, changes, facts.journal.objects, healthTimeoutSeconds);
  const records = new RecordWrites(facts.journal.hashes);
  return [
    ...(activation ? [activation] : []),
    ...records.write(pendingPath, undefined),
    ...removeGoingTraits(facts, facts.journal.objects.get(policy), records),
  ];
}

/** libvirt was refused for want of the store that its record tells of, and the store still is not there. */
export function isHeldByStore({ units, journal, fileSystems }: HostFacts): boolean {
  const store = journal.objects.get("BackingStore")?.store;
  const refused = refusedLibvirt(units);
  if (!store || !refused || !store.files.includes(guardPath(refused.name))) return false;
  return !fileSystems.some(({ mountPoint }) => mountPoint === store.mountPoint);
}

/** Undefined when nothing needs a restart: a service that is meant to be off reads its files when it is next started. */
function planActivation(
  facts: HostFacts,
  pending: PendingRecord,
  changes: FileChanges,
  records: ReadonlyMap<string, ObjectRecord>,
  healthTimeoutSeconds: number,
  origin?: { object: string; record: ObjectRecord | undefined },
): ActivateStep | undefined {
  const restarts = restartsFor(facts, pending.services, pending.ran);
  const nova = facts.novaCompute?.unit;
  if (restarts.length === 0 || !nova) return undefined;

  const back = changes.continued();
  const edits = new Map([...records].map(([kind, record]) => [kind, record.edits]));
  const returned = planReturn(back, pending.edits, edits);
  const written = new Map([...records].map(([kind, record]) => [objectPath(kind), serialise(record)]));
  const rollback: ActivateStep["rollback"] = [...back.steps(), ...besideReturn(facts, pending)];
  for (const [kind, left] of returned) {
    const former = kind === origin?.object ? origin.record : undefined;
    const record = records.get(kind) ?? former;
    const content = record && serialise({ ...record, ...former, owner: record.owner, edits: left });
    if (content !== written.get(objectPath(kind))) rollback.push(rewrite(objectPath(kind), content));
  }
  // An object that this very apply was to create is gone again; until Nova is healthy its record says whose mess it is.
  const isCreate = origin !== undefined && origin.record === undefined;
  const afterRollback = [
    ...(isCreate ? [rewrite(objectPath(origin.object), undefined)] : []),
    rewrite(pendingPath, undefined),
  ];
  return {
    kind: "activate",
    restarts,
    reasons: pending.reasons,
    health: {
      novaUnit: nova.name,
      logFile: novaLogFile(facts, readNovaConfig(facts)),
      expectedMemoryMb: fileBackedMemoryMb(facts, changes),
      timeoutSeconds: healthTimeoutSeconds,
      evidence: startEvidence(facts, readNovaConfig(facts)),
    },
    rollback,
    afterRollback,
    rollbackMemoryMb: fileBackedMemoryMb(facts, back),
  };
}

/**
 * In order: nova-compute would start against a libvirt that is going away.
 *
 * @param ran services that run whatever systemd says of them, unless it may not start them any more.
 */
export function restartsFor(
  facts: HostFacts,
  services: readonly Service[],
  ran: readonly Service[] = [],
): ActivateStep["restarts"] {
  const restarts: ActivateStep["restarts"] = [];
  const libvirt = libvirtUnit(facts.units);
  if (
    services.includes("libvirt") &&
    libvirt &&
    (libvirt.activeState === "active" || isLeftDown(facts, libvirt, ran))
  ) {
    restarts.push({ service: "libvirt", unit: libvirt.name });
  }
  const nova = facts.novaCompute?.unit;
  if (nova && (isRunning(nova) || isStarted("nova-compute", nova, ran)))
    restarts.push({ service: "nova-compute", unit: nova.name });
  return restarts;
}

/**
 * What nova-compute logs at level INFO once its driver accepted the configuration: from Train on it looks for interrupted
 * builds (ComputeManager.init_host), up to Rocky it sums up its resources. Stein logs neither, so there only time tells,
 * as it does where the configuration hides that level, or whose line it is.
 */
function startEvidence(facts: HostFacts, config: NovaConfig): StartEvidence {
  const { nova } = facts.versions;
  if (hidesInfo(facts, config) || hidesProcess(facts, config)) return { pattern: "", stableSeconds: 30 };
  const major = Number(nova?.split(".")[0] ?? 0);
  if (major === 0 || major === 19) return { pattern: "Starting compute node", stableSeconds: 30 };
  return { pattern: "Looking for unclaimed instances|Final resource view", stableSeconds: 3 };
}

/** A unit that does not run and is meant to: systemd starts it at boot, or it was seen to run all the same. */
function isStarted(service: Service, { unitFileState }: UnitFacts, ran: readonly Service[]): boolean {
  return unitFileState === "enabled" || (ran.includes(service) && !unitFileState.startsWith("masked"));
}

/** A daemon that should run and neither does nor waits behind its socket: a former apply may have left it so. */
function isLeftDown(facts: HostFacts, unit: UnitFacts, ran: readonly Service[]): boolean {
  const socket = facts.units.get(unit.name.replace(/service$/, "socket"));
  return isStarted("libvirt", unit, ran) && socket?.activeState !== "active";
}

/** What Nova must report as memory with these files, undefined where it reports the host's RAM. */
export function fileBackedMemoryMb(facts: HostFacts, changes: FileChanges): number | undefined {
  const config = readNovaConfig(facts, (path) => changes.text(path));
  const parsed = parseInteger(config.get("libvirt", "file_backed_memory")?.value ?? "0");
  return parsed.ok && parsed.value ? parsed.value : undefined;
}

/** A write within a rollback, where what is there is what this apply wrote. */
function rewrite(path: string, content: string | undefined): WriteRecordStep {
  return { kind: "write-record", path, before: undefined, content };
}
