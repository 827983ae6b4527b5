import type { HostFacts } from "../facts/hostFacts";
import type { ObjectRecord } from "../facts/journal";
import { rootOf } from "../facts/units";
import { textOf } from "../files/bytes";
import { objectPath } from "../host/paths";
import { call, silently } from "./calls";
import type { RecordWrites } from "./recordWrites";
import type { CallStep, Step } from "./step";

/** Finds out whether the host has a trait that is about to become ours: it then stays when we go. */
export function noteTrait(facts: HostFacts, trait: string): CallStep {
  return silently(`ask placement for the trait ${trait}`, "note_trait", argumentsFor(facts, trait));
}

/** Asks placement, by nova-compute's own configuration, to give the host a trait. */
export function setTrait(facts: HostFacts, trait: string): CallStep {
  return call("set_trait", argumentsFor(facts, trait), `set the trait ${trait} in placement`);
}

/** Asks placement to take a trait from the host. */
export function removeTrait(facts: HostFacts, trait: string): CallStep {
  return call("remove_trait", argumentsFor(facts, trait), `remove the trait ${trait} from placement`);
}

/** Traits that must stay until nova-compute has been restarted: one that still has the file would set them again. */
export function goingTraits(policy: ObjectRecord | undefined): string[] {
  return (policy?.pages?.traits ?? []).flatMap(({ name, going }) => (going ? [name] : []));
}

/** What is left to do about them after the restart, by whoever did it. */
export function removeGoingTraits(facts: HostFacts, policy: ObjectRecord | undefined, records: RecordWrites): Step[] {
  const going = goingTraits(policy);
  if (!policy?.pages || going.length === 0) return [];
  const { traits = [], ...pages } = policy.pages;
  const kept = traits.filter((trait) => !trait.going);
  // In their place among the others, where the policy's own plan would have them.
  const after = { ...policy, pages: kept.length > 0 ? { ...policy.pages, traits: kept } : pages };
  return [...going.map((name) => removeTrait(facts, name)), ...records.write(objectPath("PageSizePolicy"), after)];
}

function argumentsFor(facts: HostFacts, trait: string): string[] {
  const { args = [], unit } = facts.novaCompute ?? {};
  const places = configArguments(args).map((each) => textOf(unit ? asNamedInside(rootOf(unit), each) : each));
  return [trait, unit?.name ?? "", ...places];
}

/** A file below a root as the service there names it; others are in that root by a mount, and called the same. */
function asNamedInside(root: string, argument: string): string {
  const at = argument.indexOf("=") + 1;
  const isBelow = argument.slice(at).startsWith(`${root}/`);
  return isBelow ? argument.slice(0, at) + argument.slice(at + root.length) : argument;
}

/** The arguments that say where configuration is; others would make Nova log elsewhere, or not parse. */
function configArguments(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    if (/^--config-(file|dir)=/.test(arg)) return [arg];
    return /^--config-(file|dir)$/.test(arg) && args[index + 1] !== undefined ? [`${arg}=${args[index + 1]}`] : [];
  });
}
