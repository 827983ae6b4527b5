import type { OpenStackClient } from "./client";
import { CloudError } from "./errors";
import { type ComputeService, computeServices, liveMigrate, type Server, serversOn, setService } from "./nova";
import { type DrainOptions, isDisabledBy, nextDrainAction } from "./rules/drain";

/** How often the cloud is looked at while guests move. */
const pollMs = 5_000;

/** After a drain that failed, a compute that does not come back is not waited for any longer. */
const undrainMs = 60_000;

/** Says what is being done, one line each. */
export type Say = (line: string) => void;

/**
 * Keeps new guests away from a host and, if asked to, moves those that run on it to others.
 *
 * @returns guests that do not run, and were left.
 * @throws CloudError of kind late; the service is enabled again before, if it was us who disabled it.
 */
export async function drain(
  client: OpenStackClient,
  host: string,
  options: DrainOptions,
  say: Say,
  now: () => number = Date.now,
): Promise<Server[]> {
  try {
    return await empty(client, host, options, say, now);
  } catch (error) {
    await undrain(client, host, options.reason, undrainMs, say, now).catch((later: unknown) => {
      say(`warning: ${(later as Error).message}`);
    });
    throw error;
  }
}

async function empty(
  client: OpenStackClient,
  host: string,
  options: DrainOptions,
  say: Say,
  now: () => number,
): Promise<Server[]> {
  const attempts = new Map<string, number>();
  const startedAt = now();
  let said = "";
  for (;;) {
    const service = await serviceOn(client, host);
    const servers = options.mode === "migrate" ? await serversOn(client, host) : [];
    const action = nextDrainAction(service, servers, { startedAt, attempts }, options, now());
    switch (action.do) {
      case "disable":
        say(`disable nova-compute of ${host} in ${client.cloud}: ${options.reason}`);
        await setService(client, service!.id, options.reason);
        break;
      case "migrate":
        say(`live migrate ${action.server.name} (${action.server.id})`);
        attempts.set(action.server.id, (attempts.get(action.server.id) ?? 0) + 1);
        await liveMigrate(client, action.server.id);
        break;
      case "wait":
        if (action.for !== said) say(`wait for ${action.for}`);
        said = action.for;
        await client.wait(pollMs);
        break;
      case "done":
        return action.staying;
      case "fail":
        throw new CloudError("late", client.cloud, `${host} is not drained: ${action.problem}`, action.advice);
    }
  }
}

/**
 * Enables a service that we disabled, also in an earlier run that was cut; one that somebody else disabled stays so. Nova
 * tells the compute itself, so that one is waited for while it starts.
 */
export async function undrain(
  client: OpenStackClient,
  host: string,
  reason: string,
  timeoutMs: number,
  say: Say,
  now: () => number = Date.now,
): Promise<void> {
  const startedAt = now();
  for (;;) {
    const service = await serviceOn(client, host);
    if (!service || !isDisabledBy(reason, service)) return;
    if (service.isUp) {
      say(`enable nova-compute of ${host} in ${client.cloud}`);
      return setService(client, service.id, undefined);
    }
    if (now() - startedAt >= timeoutMs) {
      const command = `openstack compute service set --enable ${host} nova-compute`;
      throw new CloudError("late", client.cloud, `${host} stays disabled: its nova-compute is down`, `run: ${command}`);
    }
    await client.wait(pollMs);
  }
}

async function serviceOn(client: OpenStackClient, host: string): Promise<ComputeService | undefined> {
  return (await computeServices(client)).find((each) => each.host === host);
}
