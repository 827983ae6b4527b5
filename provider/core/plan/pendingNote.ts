import type { HostFacts } from "../facts/hostFacts";
import type { PendingRecord, Service } from "../facts/journal";
import { libvirtUnit, type UnitFacts } from "../facts/units";
import { type Beside, composeBeside } from "./beside";
import { composePending, type OptionPlan } from "./options";

/** The services that must be restarted for changes in these files, in order: libvirt before nova-compute. */
export function servicesFor(changedPaths: readonly string[]): Service[] {
  if (changedPaths.length === 0) return [];
  return changedPaths.some((path) => path.endsWith("/qemu.conf")) ? ["libvirt", "nova-compute"] : ["nova-compute"];
}

/** The note of restarts that are outstanding once a change is made, and of the way back to what the services run now. */
export function pendingAfter(
  facts: HostFacts,
  changedPaths: readonly string[],
  options: OptionPlan,
  beside: Beside,
  countsOnMigration = false,
): PendingRecord | undefined {
  const existing = facts.journal.pending;
  const services: Service[] = [...servicesFor(changedPaths), ...(beside.restarts ? (["nova-compute"] as const) : [])];
  if (services.length === 0) return existing;
  const inOrder = (some: readonly Service[]) =>
    (["libvirt", "nova-compute"] as const).filter((each) => some.includes(each));
  const ran = inOrder([...(existing?.ran ?? []), ...startedByOthers(facts)]);
  const lines = options.changes.steps().flatMap((step) => step.lines);
  return {
    version: 1,
    services: inOrder([...(existing?.services ?? []), ...services]),
    ...(ran.length > 0 ? { ran } : {}),
    reasons: [...new Set([...(existing?.reasons ?? []), ...beside.reasons, ...lines])],
    edits: composePending(existing?.edits ?? [], options.pending),
    ...composeBeside(existing, beside),
    ...(countsOnMigration || existing?.countsOnMigration ? { countsOnMigration: true } : {}),
  };
}

/** The same note, with nothing to go back to. */
export function withoutReturn({ pools: _pools, files: _files, ...pending }: PendingRecord): PendingRecord {
  return { ...pending, edits: [] };
}

/** Also one that failed, or is about to run. */
export function isRunning(unit: UnitFacts): boolean {
  return !["inactive", "deactivating"].includes(unit.activeState);
}

/** Services that run though they are not enabled, which nothing would tell any more once they do not. */
function startedByOthers(facts: HostFacts): Service[] {
  const units: [Service, UnitFacts | undefined][] = [
    ["libvirt", libvirtUnit(facts.units)],
    ["nova-compute", facts.novaCompute?.unit],
  ];
  return units.flatMap(([service, unit]) =>
    unit && isRunning(unit) && unit.unitFileState !== "enabled" ? [service] : [],
  );
}
