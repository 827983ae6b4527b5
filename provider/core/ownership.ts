import type { HostFacts } from "./facts/hostFacts";
import type { Problem } from "./inputs/problem";
import type { CommonArgs } from "./kinds/kind";

/**
 * One object of a host has one owner. The same owner adopts what it finds, which also covers lost state and a create that
 * was cut; a renamed resource is known by the owner that its state records.
 */
export function ownerProblem(
  kind: string,
  args: CommonArgs,
  recordedOwner: string | undefined,
  facts: HostFacts,
): Problem | undefined {
  const owner = facts.journal.objects.get(kind)?.owner;
  if (owner === undefined || [args.owner, recordedOwner, args.takeOverFrom].includes(owner)) return undefined;
  return {
    path: "",
    message: `${kind} of this host belongs to ${owner} (project/stack/resource). Destroy it there, or take it over with takeOverFrom: "${owner}"`,
  };
}

/** True if the host's record of this kind is still this resource's; deleting anything else would destroy another's work. */
export function isOwner(kind: string, owner: string, facts: HostFacts): boolean {
  return facts.journal.objects.get(kind)?.owner === owner;
}
