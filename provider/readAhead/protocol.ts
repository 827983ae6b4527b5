import type { HostErrorKind } from "../core/errors";
import type { Probes } from "../core/facts/probes";

/**
 * Reading all hosts at once. The engine checks one resource after the other, so the program's process, which knows every
 * host first, reads them ahead, and the provider's process asks it over a private Unix socket. What travels is what the host printed;
 * no credential does.
 *
 * One line of JSON each way per connection.
 */
export interface Request {
  /**
   * Facts by the identity of the connection, see `connectionKey`; all failures so far, once every read has ended; or that it
   * is noted that something was changed on a host.
   */
  want: { facts: string } | { failures: true } | { noteChange: string };
}

export type Answer =
  | { kind: "facts"; nonce: string; probes: Probes; output: string; readAt: number; heardAt: number }
  | { kind: "failed"; error: WireError; readAt: number; heardAt: number }
  | { kind: "failures"; errors: WireError[] }
  | { kind: "noted" }
  | { kind: "unknown" };

export interface WireError {
  errorKind: HostErrorKind;
  host: string;
  problem: string;
  advice: string | undefined;
}
