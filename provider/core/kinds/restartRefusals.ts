import type { HostFacts } from "../facts/hostFacts";
import { libvirtUnit } from "../facts/units";
import { guardedMountPoint, guardPath } from "../host/units";
import type { Problem } from "../inputs/problem";
import type { ActivateStep, Plan } from "../plan/step";
import type { PlannedEffect } from "../session";
import { guestsAtWork } from "./guestHazards";

/** Why services must not be restarted now, whatever the restart is for. */
export function restartRefusals(
  args: { allowHazards: readonly string[] },
  plan: Plan,
  facts: HostFacts,
  planned: readonly PlannedEffect[] = [],
): Problem[] {
  return [...guestsAtWork(args, plan, facts), ...withoutStore(plan, facts, planned)];
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
