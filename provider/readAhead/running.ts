import { HostError } from "../core/errors";
import { parseFacts } from "../core/facts/hostFacts";
import type { Installation } from "../core/facts/installation";
import { noProbes } from "../core/facts/probes";
import { readAccess } from "../core/inputs/common";
import { readInstallation } from "../core/inputs/installation";
import type { Inputs } from "../core/inputs/problem";
import { runningHost } from "../core/kinds/runningGuests";
import type { RunningHost } from "../core/migration/preflight";
import { readFacts } from "../core/session";
import { openTransport } from "../core/transport";
import type { Become, Connection } from "../core/transport/connection";

/** How a host is reached, and how nova-compute is run there. */
export interface HostAccess {
  connection: Connection;
  become: Become;
  installation: Installation;
}

/** What of it may be given, as resources take it. */
export const accessNames = ["connection", "become", "installation"] as const;

/** Reads it by the rules for resources; undefined, or with problems in `inputs`, if it is not right. */
export function readHostAccess(inputs: Inputs): HostAccess | undefined {
  const access = readAccess(inputs);
  const installation = readInstallation(inputs);
  return access && { ...access, installation };
}

/**
 * Reads a host as it is at this moment, with the guests that run on it. Like every reading it changes nothing there.
 *
 * @throws HostError also where it cannot be told where its guests can go.
 */
export async function readRunning({ connection, become, installation }: HostAccess): Promise<RunningHost> {
  const transport = openTransport(connection, become);
  const probes = { ...noProbes, installation };
  const { nonce, output } = await readFacts(transport, probes).finally(() => transport.close());
  const found = runningHost(parseFacts(transport.host, nonce, output, probes));
  if (!("problems" in found)) return found;
  throw new HostError("refused", transport.host, found.problems.map(({ message }) => message).join("\n  "));
}
