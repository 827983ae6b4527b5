import type { HostFacts } from "../facts/hostFacts";
import type { Installation } from "../facts/installation";
import { noProbes, type Probes } from "../facts/probes";
import type { CloudArgs } from "../inputs/cloud";
import type { Inputs, Problem } from "../inputs/problem";
import type { Plan } from "../plan/step";
import type { PlannedEffect } from "../session";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What the user declared, once checked; the same for preview and apply. */
export interface CommonArgs {
  /** `project/stack/name` of the resource. */
  owner: string;
  /** Another owner that this resource takes the object over from. */
  takeOverFrom: string | undefined;
  unreachable: "fail" | "skip";
  lockTimeoutSeconds: number;
  /** Hazards that the user accepts, by name. */
  allowHazards: string[];
  installation: Installation;
  /** The cloud that the host is in, of kinds that have to do with it and programs that say it. */
  cloud?: CloudArgs;
}

/** What is already known when a kind looks at a host. */
export interface Surroundings {
  /** Inputs that were recorded for this resource last time, as a check computed them. */
  recorded: Record<string, unknown> | undefined;
  /** What resources before this one will do to the host in this same run. */
  planned: readonly PlannedEffect[];
}

/** A kind's view of one host: what is wrong, what there is, and what would be done. */
export interface Evaluation {
  problems: Problem[];
  plan: Plan;
  /** Inputs that only the host can tell, such as a capacity of "auto"; recorded in state, so they must be stable. */
  computed: Record<string, Json>;
  /** What the host has, under the names of the inputs; an input that the host agrees with keeps the user's own words. */
  observed: Record<string, Json>;
  /** False only when the host provably has nothing of this object. */
  exists: boolean;
  /** What those that come later in the same run must reckon with. */
  effect: PlannedEffect | undefined;
}

/**
 * One kind of object on a host. Pure: it sees facts and returns values, and never does I/O, so that preview and apply
 * cannot differ.
 */
export interface Kind<Args extends CommonArgs> {
  readonly name: string;
  /** Names of the inputs that are its own, beside those that all kinds share. */
  readonly inputNames: readonly string[];
  /** True if the host keeps a record of this object: it then has one owner, and belongs to one installation of the host. */
  readonly hasRecord: boolean;
  /** Reads inputs that may be anything, without a host; problems are collected in `inputs`. */
  check(inputs: Inputs, common: CommonArgs): Args;
  /** What to look at on the host beside what every host is asked. */
  probes?(args: Args): Probes;
  /** Compares what is declared with what the host has. */
  evaluate(args: Args, facts: HostFacts, surroundings: Surroundings): Evaluation;
  /** What nova-compute will report of the host's memory once this object is in force; other kinds change nothing of it. */
  memory?(args: Args, evaluation: Evaluation): { memoryMb: number; reservedMb: number };
  /** The way back to the host as it was before this object. Problems are hazards not allowed. */
  undo(args: Args, facts: HostFacts): { plan: Plan; problems: Problem[] };
}

/** What a resource asks of its host beside what every host is asked. */
export function probesOf<Args extends CommonArgs>(kind: Kind<Args>, args: Args): Probes {
  return { ...(kind.probes?.(args) ?? noProbes), installation: args.installation };
}
