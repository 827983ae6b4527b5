import type { Become, Connection } from "./connection";
import { withhold } from "./environment";
import { accessKey } from "./identity";
import { LocalTransport } from "./local";
import { folderSalt, privateFolder } from "./privateFolder";
import { SshTransport } from "./ssh";
import type { Transport } from "./types";

/** The way to run scripts as root on one host. Reaches out only when something is run. */
export function openTransport(connection: Connection, become: Become): Transport {
  withhold(connection, become);
  return connection.transport === "local"
    ? new LocalTransport(connection, become)
    : new SshTransport(connection, become);
}

/**
 * A name for "this host, reached by these credentials, root by these means": equal for equal access, another one as soon as a
 * credential, the host-key policy or the way there changes. Good for caches on this machine; holds no secret.
 */
export function connectionKey(connection: Connection, become: Become): string {
  return accessKey(connection, become, folderSalt(privateFolder(connection.host)));
}
