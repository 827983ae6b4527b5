import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { divide } from "./batches";
import { ComputeHost, type ComputeHostArgs } from "./computeHost";
import type { Duration } from "./duration";
import { hasChanged } from "./readAhead";
import { Turn } from "./turn";

/** How a fleet is changed. */
export interface RolloutOptions {
  /**
   * Hosts that come before all others, as one batch: how many of the first ones, or their names; 0 for none. Default 1.
   *
   * @example ["compute-7"]
   */
  canary?: number | readonly string[];
  /** Hosts of every batch after that. Those of one batch are changed at the same time. Default 10. */
  batch?: number;
  /**
   * Time to wait after a batch in which something was changed on a host, to look at it, or for an alarm to go off: seconds,
   * or text with a unit, 24 hours at most. A batch that was right already is not waited for. Default 0.
   *
   * @example "15 min"
   */
  pause?: Duration;
}

/**
 * A host of a rollout: what a `ComputeHost` takes, or a function that declares the host by any resources of this package. It
 * is called at once and gets the name of the host, and options for resources of other packages: with them they wait for
 * their batch. What it returns is awaited, too, if it is a resource or a list of some.
 */
export type HostDeclaration = ComputeHostArgs | ((name: string, options: pulumi.ResourceOptions) => unknown);

/** What a rollout gives back for a host. */
export type DeclaredHost<Declaration> = Declaration extends (...args: never[]) => infer Result ? Result : ComputeHost;

/**
 * Changes many hosts one batch after the other, in the order in which they are written: first canaries, then batches.
 * A batch begins once all hosts of the batch before are as declared and Nova is up on them. The first failure ends the run,
 * and nothing is touched on later hosts. The next `pulumi up` goes on where that one ended, since what is right already is
 * passed at once and without a pause.
 *
 * A preview reads all hosts at the same time, and shows what would be done on all of them. In an update a host is read once
 * more when its batch begins, if what is known of it is old. `pulumi destroy` goes the other way: the last batch first,
 * canaries at the end, without pauses; its first failure ends it as well.
 *
 * Hosts keep their names and their parents, so a rollout can be added to a program and taken out without any change on a host.
 *
 * @param hosts by name. JavaScript puts names that are whole numbers before all others.
 * @returns what was declared, by name.
 *
 * @example
 * ```ts
 * const fleet = rollout(
 *     Object.fromEntries(names.map((name) => [name, {
 *         connection: { host: `${name}.example.net`, user: "deploy" },
 *         fileBackedMemory: { capacity: "auto" },
 *     }])),
 *     { canary: 1, batch: 5, pause: "10 min" },
 * );
 * ```
 * With resources of one's own choice for a host:
 * ```ts
 * rollout({
 *     "compute-1": (name) => new FileBackedMemoryConfig(name, { connection, capacity: "1 TiB" }),
 * });
 * ```
 */
export function rollout<const Hosts extends Readonly<Record<string, HostDeclaration>>>(
  hosts: Hosts,
  options: RolloutOptions = {},
): { [Name in keyof Hosts]: DeclaredHost<Hosts[Name]> } {
  const { batches, pauseSeconds } = divide(Object.keys(hosts), options);
  if (pulumi.runtime.isDryRun()) void pulumi.log.info(`rollout: ${inWords(batches)}`);
  const declared: Record<string, unknown> = {};
  let begins: Promise<readonly pulumi.Resource[]> = Promise.resolve([]);
  batches.forEach((names, index) => {
    const turn = new Turn(begins);
    for (const name of names) declared[name] = turn.declare(() => make(name, hosts[name]!, turn));
    begins = end(turn, batches, index, pauseSeconds);
  });
  begins.catch(() => {}); // after the last batch nobody waits; what failed was told
  return declared as { [Name in keyof Hosts]: DeclaredHost<Hosts[Name]> };
}

function make(name: string, declaration: HostDeclaration, turn: Turn): unknown {
  if (typeof declaration !== "function") return new ComputeHost(name, declaration);
  const made = declaration(name, turn.order({}));
  turn.add(...[made].flat().filter((each): each is pulumi.Resource => pulumi.Resource.isInstance(each)));
  return made;
}

/** The end of a batch, which is the beginning of the next one. */
async function end(
  turn: Turn,
  batches: readonly string[][],
  index: number,
  pauseSeconds: number,
): Promise<readonly pulumi.Resource[]> {
  await turn.begins;
  const failures = await turn.failures();
  const later = batches.slice(index + 1).flat();
  if (failures.length > 0) throw withoutStack(stopped(index, later));
  if (later.length > 0 && !pulumi.runtime.isDryRun()) await pause(turn, index, batches.length, pauseSeconds);
  return turn.all;
}

async function pause(turn: Turn, index: number, count: number, seconds: number): Promise<void> {
  if (seconds === 0 || ![...turn.hosts].some(hasChanged)) return;
  await pulumi.log.info(
    `rollout: batch ${index + 1} of ${count} is changed and up; waits ${seconds} s before the next one`,
  );
  await sleep(seconds * 1000);
}

function stopped(index: number, later: readonly string[]): string {
  const rest = later.length > 0 ? `; nothing was done on ${later.join(", ")}` : "";
  return `rollout: stopped at batch ${index + 1}, where a host failed${rest}`;
}

/** Pulumi shows the stack of whatever a resource waited for in vain. */
function withoutStack(message: string): Error {
  const error = new pulumi.RunError(message);
  delete error.stack;
  return error;
}

function inWords(batches: readonly string[][]): string {
  return batches.map((names, index) => `${index + 1}. ${names.join(", ")}`).join("; ");
}
