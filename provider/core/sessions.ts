import { HostSession, type ReadResult } from "./session";
import { connectionKey, openTransport } from "./transport";
import type { Become, Connection } from "./transport/connection";

const sessions = new Map<string, HostSession>();

/** The one session of this process for a host, as reached by one connection. */
export function sessionFor(
  access: { connection: Connection; become: Become },
  readAhead: (key: string) => Promise<ReadResult | undefined>,
): HostSession {
  const key = connectionKey(access.connection, access.become);
  const existing = sessions.get(key);
  if (existing) return existing;
  const session = new HostSession(openTransport(access.connection, access.become), () => readAhead(key));
  sessions.set(key, session);
  return session;
}
