import type { HostFacts } from "../facts/hostFacts";
import { sha256 } from "../facts/hostFile";
import type { ObjectRecord, PendingRecord, Service } from "../facts/journal";
import { libvirtUnit } from "../facts/units";
import { parseInteger } from "../files/osloConfig";
import { objectPath, pendingPath } from "../host/paths";
import { hidesInfo, type NovaConfig, novaLogFile, readNovaConfig } from "../novaConfig";
import type { FileChanges } from "./fileChanges";
import { composePending, type OptionPlan, planReturn } from "./options";
import type { ActivateStep, StartEvidence, Step, WriteRecordStep } from "./step";

export const defaultHealthTimeoutSeconds = 300;

/** The services that must be restarted for changes in these files, in order: libvirt before nova-compute. */
export function servicesFor(changedPaths: readonly string[]): Service[] {
  if (changedPaths.length === 0) return [];
  return changedPaths.some((path) => path.endsWith("/qemu.conf")) ? ["libvirt", "nova-compute"] : ["nova-compute"];
}

export interface ConfigurationChange {
  facts: HostFacts;
  object: string;
  /** The object's record as it shall be, without its edits; undefined when the object goes. */
  owner: string | undefined;
  options: OptionPlan;
  /** Undefined to leave the restart to a ServiceActivation. */
  activate: { healthTimeoutSeconds: number } | undefined;
}

/**
 * The steps that make a change of configuration survive a cut anywhere: first what will be ours and whose it is, then the
 * note that services must be restarted and how to go back, then the files. The note goes only once the services run
 * healthily, and nothing is forgotten that may still be in a file.
 */
export function planConfigurationChange(change: ConfigurationChange): Step[] {
  const { facts, object, options } = change;
  const journal = facts.journal;
  const fileSteps = options.changes.steps();
  const before = journal.objects.get(object);
  const during: ObjectRecord | undefined =
    change.owner === undefined ? before : { version: 1, owner: change.owner, edits: options.during };
  // An object that goes is known, with nothing left of its own, until the services run without it.
  const goes = change.owner === undefined;
  const after: ObjectRecord | undefined = goes
    ? before && { ...before, edits: options.after }
    : { version: 1, owner: change.owner!, edits: options.after };
  const pending = pendingAfter(journal.pending, servicesFor(fileSteps.map((step) => step.path)), options);
  const files = new Map([...journal.hashes]);
  const write = (path: string, content: string | undefined): WriteRecordStep[] => recordStep(files, path, content);

  const steps: Step[] = [
    ...write(objectPath(object), serialise(during)),
    ...(fileSteps.length > 0 ? write(pendingPath, serialise(pending)) : []),
    ...fileSteps,
  ];
  if (change.activate && pending) {
    steps.push(...write(objectPath(object), serialise(after)));
    const records = new Map([...journal.objects, ...(after ? [[object, after] as const] : [])]);
    const origin = { object, owner: before?.owner };
    const { healthTimeoutSeconds } = change.activate;
    const activation = planActivation(facts, pending, options.changes, records, healthTimeoutSeconds, origin);
    steps.push(...(activation ? [activation] : []), ...write(pendingPath, undefined));
  }
  return [...steps, ...write(objectPath(object), serialise(goes ? undefined : after))];
}

/** The steps that do what is pending, for whoever comes after the edits. */
export function planPendingActivation(facts: HostFacts, changes: FileChanges, healthTimeoutSeconds: number): Step[] {
  const pending = facts.journal.pending;
  if (!pending) return [];
  const activation = planActivation(facts, pending, changes, facts.journal.objects, healthTimeoutSeconds);
  return [...(activation ? [activation] : []), ...recordStep(new Map(facts.journal.hashes), pendingPath, undefined)];
}

function pendingAfter(
  existing: PendingRecord | undefined,
  services: readonly Service[],
  options: OptionPlan,
): PendingRecord | undefined {
  if (services.length === 0) return existing;
  const all = new Set([...(existing?.services ?? []), ...services]);
  return {
    version: 1,
    services: (["libvirt", "nova-compute"] as const).filter((service) => all.has(service)),
    reasons: [...new Set([...(existing?.reasons ?? []), ...options.changes.steps().flatMap((step) => step.lines)])],
    edits: composePending(existing?.edits ?? [], options.pending),
  };
}

/** Undefined when nothing needs a restart: a service that is meant to be off reads its files when it is next started. */
function planActivation(
  facts: HostFacts,
  pending: PendingRecord,
  changes: FileChanges,
  records: ReadonlyMap<string, ObjectRecord>,
  healthTimeoutSeconds: number,
  origin?: { object: string; owner: string | undefined },
): ActivateStep | undefined {
  const restarts = restartsFor(facts, pending.services);
  const nova = facts.novaCompute?.unit;
  if (restarts.length === 0 || !nova) return undefined;

  const back = changes.continued();
  const edits = new Map([...records].map(([kind, record]) => [kind, record.edits]));
  const returned = planReturn(back, pending.edits, edits);
  const written = new Map([...records].map(([kind, record]) => [objectPath(kind), serialise(record)!]));
  const rollback: ActivateStep["rollback"] = [...back.steps()];
  for (const [kind, left] of returned) {
    const owner = records.get(kind)?.owner ?? (kind === origin?.object ? origin.owner : undefined);
    const content = owner === undefined ? undefined : serialise({ version: 1, owner, edits: left });
    if (content !== written.get(objectPath(kind))) rollback.push(rewrite(objectPath(kind), content));
  }
  // An object that this very apply was to create is gone again; until Nova is healthy its record says whose mess it is.
  const isCreate = origin !== undefined && origin.owner === undefined;
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
      evidence: startEvidence(facts.versions.nova, readNovaConfig(facts)),
    },
    rollback,
    afterRollback,
    rollbackMemoryMb: fileBackedMemoryMb(facts, back),
  };
}

/** In order: nova-compute would start against a libvirt that is going away. */
export function restartsFor(facts: HostFacts, services: readonly Service[]): ActivateStep["restarts"] {
  const restarts: ActivateStep["restarts"] = [];
  const libvirt = libvirtUnit(facts.units);
  if (services.includes("libvirt") && libvirt && (libvirt.activeState === "active" || isLeftDown(facts, libvirt))) {
    restarts.push({ service: "libvirt", unit: libvirt.name });
  }
  const nova = facts.novaCompute?.unit;
  if (nova && isMeantToRun(nova)) restarts.push({ service: "nova-compute", unit: nova.name });
  return restarts;
}

/**
 * What nova-compute logs at level INFO once its driver accepted the configuration: from Train on it looks for interrupted
 * builds (ComputeManager.init_host), up to Rocky it sums up its resources. Stein logs neither, so there only time tells,
 * as it does where the configuration hides that level.
 */
function startEvidence(nova: string | undefined, config: NovaConfig): StartEvidence {
  if (hidesInfo(config)) return { pattern: "", stableSeconds: 30 };
  const major = Number(nova?.split(".")[0] ?? 0);
  if (major === 0 || major === 19) return { pattern: "Starting compute node", stableSeconds: 30 };
  return { pattern: "Looking for unclaimed instances|Final resource view", stableSeconds: 3 };
}

function isMeantToRun(unit: { activeState: string; unitFileState: string }): boolean {
  return !["inactive", "deactivating"].includes(unit.activeState) || unit.unitFileState === "enabled";
}

/** A daemon that should run and neither does nor waits behind its socket: a former apply may have left it so. */
function isLeftDown(facts: HostFacts, unit: { name: string; unitFileState: string }): boolean {
  const socket = facts.units.get(unit.name.replace(/service$/, "socket"));
  return unit.unitFileState === "enabled" && socket?.activeState !== "active";
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

/** One write of a record of ours, or none if it is already so; `files` follows what the records hold. */
function recordStep(files: Map<string, string>, path: string, content: string | undefined): WriteRecordStep[] {
  const before = files.get(path);
  const hash = content === undefined ? undefined : sha256(Buffer.from(content, "utf8").toString("latin1"));
  if (before === hash) return [];
  if (hash === undefined) files.delete(path);
  else files.set(path, hash);
  return [{ kind: "write-record", path, before, content }];
}

function serialise(record: ObjectRecord | PendingRecord | undefined): string | undefined {
  return record && `${JSON.stringify(record, undefined, 1)}\n`;
}
