import type { HostFacts } from "../core/facts/hostFacts";
import type { CloudRecord } from "../core/facts/journal";
import { configuredRatio, memoryInPlacement } from "../core/kinds/placementMemory";
import { novaHostName } from "../core/novaConfig";
import { restoration } from "../core/openstack/rules/restore";
import { fileBackedTrait } from "../core/openstack/rules/verify";
import type { ApplyOptions } from "../core/plan/apply";
import type { Plan } from "../core/plan/step";
import type { Declared } from "../resource";
import { type InCloud, inCloud, remember, warnOf } from "./inCloud";

/**
 * What placement says of a host's memory before it is changed for the first time; undefined where there is nothing to
 * remember, or it is remembered already.
 */
export async function formerMemory(there: InCloud, facts: HostFacts): Promise<CloudRecord["former"]> {
  const { kind } = there.declared;
  const isKnown = facts.journal.objects.has(kind.name) || facts.journal.cloud?.former !== undefined;
  if (!kind.memory || isKnown) return undefined;
  const provider = await there.cloud.provider(novaHostName(facts));
  return {
    memoryRatio: provider?.memory?.allocationRatio ?? null,
    hadTrait: provider?.traits.includes(fileBackedTrait) ?? false,
  };
}

/** A plan that begins with remembering it; one that changes nothing stays so. */
export function rememberFormer(plan: Plan, facts: HostFacts, former: CloudRecord["former"]): Plan {
  if (!former || plan.steps.length === 0) return plan;
  return { ...plan, steps: [...remember(facts, { former }), ...plan.steps] };
}

/**
 * Waits until placement says what nova-compute must report as its files are now.
 *
 * @throws CloudError of kind late.
 */
export async function verifyPlacement({ declared, cloud, args }: InCloud, facts: HostFacts): Promise<void> {
  const expected = memoryInPlacement(facts);
  if (!expected) return;
  await cloud.expect(novaHostName(facts), expected, args.healthTimeoutSeconds * 1000);
  declared.log(`placement says MEMORY_MB ${expected.memoryMb}, at a ratio of 1`);
}

/**
 * Puts back in placement what Nova would keep, once the object that changed it is gone from the host: also one that a cut
 * destroy had taken back. What cannot be put back is said, and no reason to fail: the host itself is as it was.
 */
export async function restorePlacement(declared: Declared, options: Omit<ApplyOptions, "tail">): Promise<void> {
  const { session, kind, log } = declared;
  if (!kind.memory) return;
  const facts = await session.facts();
  const former = facts.journal.cloud?.former;
  if (!former || facts.journal.objects.has(kind.name)) return;
  try {
    const there = inCloud(declared);
    if (there) await restore(there, facts, former);
    else
      log(
        `warning: without openstack, placement keeps what it was told of this host's memory; it said ${told(former)}`,
      );
  } catch (error) {
    warnOf(error, declared, `placement may keep what it was told of this host's memory; it said ${told(former)}`);
  }
  await session.apply((now) => ({ steps: remember(now, { former: undefined }), warnings: [] }), options);
}

async function restore(
  { declared, cloud }: InCloud,
  facts: HostFacts,
  { memoryRatio, hadTrait }: NonNullable<CloudRecord["former"]>,
): Promise<void> {
  const host = novaHostName(facts);
  const added = hadTrait ? [] : [fileBackedTrait];
  const way = restoration({ memoryRatio }, configuredRatio(facts), added, await cloud.provider(host));
  await cloud.restore(host, way);
  if (way.memoryRatio !== undefined)
    declared.log(`set the allocation_ratio of MEMORY_MB in placement to ${way.memoryRatio}`);
  for (const trait of way.traits) declared.log(`removed the trait ${trait} from placement`);
  for (const line of way.left) declared.log(`warning: ${line}`);
}

/** An object that an apply was to make, and that is not there after all, leaves nothing to remember. */
export async function forgetFormer({ session, kind }: Declared, options: Omit<ApplyOptions, "tail">): Promise<void> {
  const isUnused = ({ journal }: HostFacts) => journal.cloud?.former !== undefined && !journal.objects.has(kind.name);
  const plan = (facts: HostFacts): Plan => ({
    steps: isUnused(facts) ? remember(facts, { former: undefined }) : [],
    warnings: [],
  });
  // Why the apply failed counts more than this, which the next one reads again.
  await session.apply(plan, options).catch(() => undefined);
}

function told({ memoryRatio }: NonNullable<CloudRecord["former"]>): string {
  return memoryRatio === null ? "nothing" : `allocation_ratio ${memoryRatio}`;
}
