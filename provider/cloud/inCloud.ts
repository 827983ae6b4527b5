import type { HostFacts } from "../core/facts/hostFacts";
import type { CloudRecord } from "../core/facts/journal";
import { cloudPath } from "../core/host/paths";
import type { CloudArgs } from "../core/inputs/cloud";
import { novaHostName } from "../core/novaConfig";
import { CloudError } from "../core/openstack/errors";
import type { CloudSession } from "../core/openstack/session";
import { cloudSessionFor } from "../core/openstack/sessions";
import { RecordWrites } from "../core/plan/recordWrites";
import type { Plan, Step } from "../core/plan/step";
import type { Declared } from "../resource";

/** A declared resource, and the cloud that its host is in. */
export interface InCloud {
  declared: Declared;
  cloud: CloudSession;
  args: CloudArgs;
}

/**
 * Undefined where a program says nothing of a cloud.
 *
 * @throws CloudError where what it says leads nowhere.
 */
export function inCloud(declared: Declared): InCloud | undefined {
  const { cloud: args } = declared.args;
  return args && { declared, cloud: cloudSessionFor(args.openstack), args };
}

/** True if nova-compute stops for a moment: what a host is drained for. */
export function restartsNova({ steps }: Plan): boolean {
  return steps.some(
    (step) => step.kind === "activate" && step.restarts.some(({ service }) => service === "nova-compute"),
  );
}

/** A drain that an earlier run left, and that is this resource's to end. */
export function leftDrained({ args }: Declared, { journal }: HostFacts): CloudRecord["drained"] {
  return args.cloud?.restarts ? journal.cloud?.drained : undefined;
}

/** The lines of a plan with those of what is done in the cloud before and after it. */
export function withCloudLines(declared: Declared, facts: HostFacts, plan: Plan, lines: readonly string[]): string[] {
  const drain = declared.args.cloud?.drain;
  if (drain !== undefined && restartsNova(plan)) {
    const host = novaHostName(facts);
    const moved = drain === "migrate" ? ["live migrate its guests to other hosts"] : [];
    return [`disable ${host} in Nova`, ...moved, ...lines, `enable ${host} in Nova`];
  }
  const left = leftDrained(declared, facts);
  return left ? [...lines, `enable ${left.host} in Nova, as a run that was cut left it disabled`] : [...lines];
}

/** Writes what is owed to the cloud to the host; no step where it is so already. */
export function remember(facts: HostFacts, change: Partial<Omit<CloudRecord, "version">>): Step[] {
  const { version: _version, ...others } = facts.journal.cloud ?? { version: 1 };
  const owed = Object.entries({ ...others, ...change }).filter(([, value]) => value !== undefined);
  const record = owed.length > 0 ? ({ version: 1, ...Object.fromEntries(owed) } as CloudRecord) : undefined;
  return new RecordWrites(facts.journal.hashes).write(cloudPath, record);
}

/** Says what could not be done in a cloud, where that is no reason to fail. */
export function warnOf(error: unknown, { log }: Declared, consequence: string): void {
  if (!(error instanceof CloudError)) throw error;
  log(`warning: ${consequence}: ${error.message}`);
}
