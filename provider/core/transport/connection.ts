/**
 * How to reach a host, after the user's input was checked and defaults were filled in. Field names, meanings and defaults
 * follow `ConnectionArgs` of `@pulumi/command`, so that one object serves both; what we add is below the line.
 */
export interface Connection {
  /** Name or address. With `transport: "local"`, which is the machine Pulumi runs on, `"localhost"` or that one's name. */
  host: string;
  port: number;
  user: string | undefined;
  password: string | undefined;
  /** Private key as text. */
  privateKey: string | undefined;
  privateKeyPassword: string | undefined;
  agentSocketPath: string | undefined;
  /** The host's public key, one line as in authorized_keys. Pins the host: known_hosts is then not read. */
  hostKey: string | undefined;
  /** Failed dials before giving up; -1 is for ever. @pulumi/command's default of 10 hides a dead host for half a minute. */
  dialErrorLimit: number;
  /** Seconds for one dial, 0 for no bound. */
  perDialTimeout: number;
  proxy: Connection | undefined;
  // ---- ours
  transport: "ssh" | "local";
  /** Path of a private key file on this machine. */
  privateKeyFile: string | undefined;
  /** `"strict"` (default): known_hosts or a pinned key. `"accept-new"`: trust on first use. `"off"`: no check at all. */
  hostKeyChecking: "strict" | "accept-new" | "off";
}

/** How to become root once logged in. */
export interface Become {
  method: "sudo" | "none";
  /** Password for sudo; sent only after sudo's own prompt. */
  password: string | undefined;
}
