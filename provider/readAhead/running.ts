import { HostError } from "../core/errors";
import { parseFacts } from "../core/facts/hostFacts";
import { noProbes } from "../core/facts/probes";
import { runningHost } from "../core/kinds/runningGuests";
import type { RunningHost } from "../core/migration/preflight";
import { readFacts } from "../core/session";
import { openTransport } from "../core/transport";
import type { Become, Connection } from "../core/transport/connection";

/**
 * Reads a host as it is at this moment, with the guests that run on it. Like every reading it changes nothing there.
 *
 * @throws HostError also where it cannot be told where its guests can go.
 */
export async function readRunning(access: { connection: Connection; become: Become }): Promise<RunningHost> {
  const transport = openTransport(access.connection, access.become);
  const { nonce, output } = await readFacts(transport, noProbes).finally(() => transport.close());
  const found = runningHost(parseFacts(transport.host, nonce, output));
  if (!("problems" in found)) return found;
  throw new HostError("refused", transport.host, found.problems.map(({ message }) => message).join("\n  "));
}
