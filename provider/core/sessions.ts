import { HostSession, type ReadResult } from "./session";
import { connectionKey, openTransport } from "./transport";
import type { Become, Connection } from "./transport/connection";

const sessions = new Map<string, HostSession>();

/** Whoever reads all hosts of a run at once, and hears which of them were changed; hosts are named by `connectionKey`. */
export interface RunsProgram {
  readAhead(key: string): Promise<ReadResult | undefined>;
  noteChange(key: string): Promise<void>;
}

/** The one session of this process for a host, as reached by one connection. */
export function sessionFor(access: { connection: Connection; become: Become }, program: RunsProgram): HostSession {
  const key = connectionKey(access.connection, access.become);
  const existing = sessions.get(key);
  if (existing) return existing;
  const session = new HostSession(
    openTransport(access.connection, access.become),
    () => program.readAhead(key),
    () => program.noteChange(key),
  );
  sessions.set(key, session);
  return session;
}
