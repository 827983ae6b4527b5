import type { HostFacts } from "./facts/hostFacts";
import { foreignProblems } from "./foreignFiles";
import { linkProblems } from "./hardLinks";
import type { Problem } from "./inputs/problem";
import type { CommonArgs } from "./kinds/kind";
import type { Plan } from "./plan/step";

/** Whose the host's object is, whose the files are that a plan would edit, and by how many names: what holds for every kind. */
export function ownerProblems(
  kind: string,
  args: CommonArgs,
  recordedOwner: string | undefined,
  facts: HostFacts,
  plan: Plan,
): Problem[] {
  const foreign = ownerProblem(kind, args, recordedOwner, facts);
  return [...(foreign ? [foreign] : []), ...foreignProblems(plan, args, facts), ...linkProblems(plan, facts)];
}

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
  const [stack, name] = splitOwner(owner);
  const renamed =
    stack === splitOwner(args.owner)[0]
      ? `. If it was renamed, say so in its options: aliases: [{ name: "${name}" }]`
      : "";
  const copied = facts.system.isCopy ? ". This record was made on another machine: its disk was copied here" : "";
  return {
    path: args.takeOverFrom === undefined ? "" : "takeOverFrom",
    message: `${kind} of this host belongs to ${owner} (project/stack/resource)${renamed}. Destroy it there, or take it over with takeOverFrom: "${owner}"${copied}`,
  };
}

/** `project/stack` and the resource's name, which may have slashes of its own. */
function splitOwner(owner: string): [stack: string, name: string] {
  const [project = "", stack = "", ...name] = owner.split("/");
  return [`${project}/${stack}`, name.join("/")];
}

/** True if the host's record of this kind is still this resource's; deleting anything else would destroy another's work. */
export function isOwner(kind: string, owner: string, facts: HostFacts): boolean {
  return facts.journal.objects.get(kind)?.owner === owner;
}
