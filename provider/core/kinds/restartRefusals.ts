import type { HostFacts } from "../facts/hostFacts";
import { libvirtUnit } from "../facts/units";
import { guardedMountPoint, guardPath } from "../host/units";
import type { CloudArgs } from "../inputs/cloud";
import type { Problem } from "../inputs/problem";
import type { ActivateStep, Plan } from "../plan/step";
import type { PlannedEffect } from "../session";
import { guestsAtWork, nameGuests } from "./guestHazards";

/** Who restarts: what it can be told, and what it was. */
interface Restarter {
  kind: { inputNames: readonly string[] };
  args: { allowHazards: readonly string[]; cloud?: CloudArgs };
}

/** Why services must not be restarted now, whatever the restart is for. */
export function restartRefusals(
  { kind, args }: Restarter,
  plan: Plan,
  facts: HostFacts,
  planned: readonly PlannedEffect[] = [],
): Problem[] {
  return [
    ...guestsAtWork(args, plan, facts),
    ...withoutStore(plan, facts, planned),
    ...countedOnMigration({ kind, args }, plan, facts, planned),
  ];
}

/**
 * Guests that a configuration takes for gone are still here, unless whoever restarts moves them away before: planned in this
 * run, or noted on the host by a run that left the restart.
 */
function countedOnMigration(
  { kind, args }: Restarter,
  plan: Plan,
  { journal, guests }: HostFacts,
  planned: readonly PlannedEffect[],
): Problem[] {
  const running = guests.filter((guest) => guest.running);
  const isCountedOn = journal.pending?.countsOnMigration || planned.some((effect) => effect.countsOnMigration);
  const restarts = plan.steps.flatMap((step) => (step.kind === "activate" ? step.restarts : []));
  const isRestart = restarts.some(({ service }) => service === "nova-compute");
  if (!isCountedOn || running.length === 0 || !isRestart || args.cloud?.drain === "migrate") return [];
  const who = `counts on guests being moved away (${nameGuests(running)}), and this one restarts`;
  if (kind.inputNames.includes("drain")) {
    const message = `must be "migrate" here, too: a resource before this one ${who}. Say so in both, with openstack`;
    return [{ path: "drain", message }];
  }
  const message = `cannot be done together: a resource before this one ${who} without moving any. Make the two changes in two updates, this one after the other`;
  return [{ path: "", message }];
}

/**
 * A libvirt whose store is not mounted is refused by systemd when it next starts (AssertPathIsMountPoint=): one that still
 * runs would end, and a nova-compute could not reach one that does not.
 */
function withoutStore(plan: Plan, facts: HostFacts, planned: readonly PlannedEffect[]): Problem[] {
  const libvirt = libvirtUnit(facts.units);
  const activation = plan.steps.find((step): step is ActivateStep => step.kind === "activate");
  if (!libvirt || !activation) return [];
  const needsLibvirt =
    libvirt.activeState !== "active" || activation.restarts.some((restart) => restart.service === "libvirt");
  const path = guardPath(libvirt.name);
  const mountPoint = guardedMountPoint(facts.files.get(path)?.text ?? "");
  const mounted = [...facts.fileSystems, ...planned.flatMap((effect) => effect.fileSystems)];
  if (!needsLibvirt || mountPoint === undefined || mounted.some((each) => each.mountPoint === mountPoint)) return [];
  const message = `${libvirt.name} starts only with its store mounted at ${mountPoint} (${path}), and it is not: a restart would leave the host without libvirt. Mount it first, or declare its BackingStore in the same program`;
  return [{ path: "", message }];
}
