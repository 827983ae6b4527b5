import type { ComputeService, Server } from "../nova";

/** What is to happen before a host's services restart. */
export interface DrainOptions {
  /** `disable` keeps new guests away, `migrate` also moves running ones to other hosts. */
  mode: "disable" | "migrate";
  /** Why the service is disabled; by it we know later that it was us. */
  reason: string;
  timeoutMs: number;
}

/** What was done so far. */
export interface DrainProgress {
  startedAt: number;
  /** How often each server was asked to move, by its id. */
  attempts: ReadonlyMap<string, number>;
}

/** The next thing to do; after each but the last two the cloud is looked at again. */
export type DrainAction =
  | { do: "disable" }
  | { do: "migrate"; server: Server }
  | { do: "wait"; for: string }
  /** `staying` are guests that do not run, and are left where they are. */
  | { do: "done"; staying: Server[] }
  | { do: "fail"; problem: string; advice: string };

/** A migration can fail because its destination went away; one that fails twice will fail again. */
const mostAttempts = 2;

/** States in which Nova's API takes a live migration. */
const movable = ["ACTIVE", "PAUSED"];

/** States in which a guest has no memory on the host. One in ERROR may: whether it runs is seen on the host itself. */
const resting = ["SHUTOFF", "SUSPENDED", "SHELVED", "SHELVED_OFFLOADED", "SOFT_DELETED", "DELETED", "ERROR"];

/** States that end by themselves. */
const passing = ["BUILD", "HARD_REBOOT", "MIGRATING", "PASSWORD", "REBOOT", "REBUILD", "RESIZE", "REVERT_RESIZE"];

/** One step of emptying a host, from what the cloud says now. One guest moves at a time, as compute hosts do by default. */
export function nextDrainAction(
  service: ComputeService | undefined,
  servers: readonly Server[],
  progress: DrainProgress,
  options: DrainOptions,
  now: number,
): DrainAction {
  if (!service)
    return fail("Nova has no nova-compute on this host any more", "look at `openstack compute service list`");
  if (service.isEnabled) return { do: "disable" };
  if (options.mode === "disable") return { do: "done", staying: [] };

  const isResting = (each: Server) => resting.includes(each.status) && each.task === undefined;
  const left = servers.filter((each) => !isResting(each));
  if (left.length === 0) return { do: "done", staying: [...servers] };
  const isLate = now - progress.startedAt >= options.timeoutMs;
  const names = left.map(nameOf).join(", ");
  if (isLate)
    return fail(
      `after ${options.timeoutMs / 1000} s still here: ${names}`,
      "allow more time with drainTimeoutSeconds, or move them by hand; a migration that has begun goes on",
    );
  const busy = left.find((each) => each.task !== undefined || passing.includes(each.status));
  if (busy) return { do: "wait", for: `${nameOf(busy)} (${busy.task ?? busy.status.toLowerCase()})` };
  const stuck = left.find((each) => !movable.includes(each.status));
  if (stuck)
    return fail(
      `${nameOf(stuck)} is ${stuck.status} and cannot be live migrated`,
      "end that state, or move it by hand",
    );
  const failed = left.find((each) => (progress.attempts.get(each.id) ?? 0) >= mostAttempts);
  if (failed)
    return fail(
      `${nameOf(failed)} did not move${failed.fault ? `: ${failed.fault}` : ""}`,
      `see why with \`openstack server migration list --server ${failed.id}\` and in the log of nova-conductor`,
    );
  if (!service.isUp) return fail("its nova-compute is down, so that no guest can be moved", "start it first");
  return { do: "migrate", server: left[0]! };
}

/** Whether a service is ours to enable: what somebody else disabled stays so. */
export function isDisabledBy(reason: string, service: ComputeService | undefined): boolean {
  return service !== undefined && !service.isEnabled && service.disabledReason === reason;
}

/** Nova keeps 255 characters of it. The same for every run of one owner, so that the next run ends what a cut one began. */
export function drainReason(owner: string): string {
  return `pulumi-hostmem changes guest memory (${owner})`.slice(0, 255);
}

function fail(problem: string, advice: string): DrainAction {
  return { do: "fail", problem, advice };
}

function nameOf({ name, id }: Server): string {
  return `${name} (${id})`;
}
