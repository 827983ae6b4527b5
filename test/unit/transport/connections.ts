import type { Connection } from "../../../provider/core/transport/connection";

/** A connection with every default, and what a test changes in it. */
export function connection(changes: Partial<Connection> = {}): Connection {
  return {
    host: "compute-1",
    port: 22,
    user: "deploy",
    password: undefined,
    privateKey: undefined,
    privateKeyPassword: undefined,
    agentSocketPath: undefined,
    hostKey: undefined,
    dialErrorLimit: 3,
    perDialTimeout: 15,
    proxy: undefined,
    transport: "ssh",
    privateKeyFile: undefined,
    hostKeyChecking: "strict",
    ...changes,
  };
}
