import type { Connection } from "../../../provider/core/transport/connection";
import type { SshServer } from "../ssh/server";
import type { UserMachine } from "../ssh/userMachine";
import type { Refusal } from "./way";

/** What the ways of a login need: hosts, and credentials that were made for them. */
export interface World {
  user: UserMachine;
  /** Takes keys and root's password. */
  host: SshServer;
  /** Has a host certificate for its address, and one for another name. */
  certified: SshServer;
  misnamed: SshServer;
  /** Takes certificates of its authority alone. */
  authority: SshServer;
  /** Lets nobody through. */
  closed: SshServer;
  /** Allows three tries. */
  strict: SshServer;
  password: string;
  passphrase: string;
  /** Files of keys. */
  keys: { encrypted: string; rsa: string; stranger: string; signed: string; expired: string; forAnother: string };
  /** Sockets of agents: with the right key, with none, with many wrong ones before the right one. */
  agents: { right: string; empty: string; many: string };
  text: (file: string) => string;
}

/** One way to log in: which host, by what connection, on a machine set up how. */
export interface LoginWay {
  name: string;
  connection: (world: World) => Connection;
  /** Shell text run on the user's machine before. */
  before?: (world: World) => string;
  /** Files of the user's home: undefined text is none. */
  home?: (world: World) => Record<string, string>;
  refused?: Refusal;
}

/** The host key is left to known_hosts. */
export const known = { hostKey: undefined };
/** The key is left to ssh. */
const keyless = { privateKeyFile: undefined };
/** A line of known_hosts. */
export const line = (server: SshServer, key = server.hostKey) => `[${server.address}]:${server.port} ${key}`;

const config = (world: World) => `Host compute-1
  HostName ${world.host.address}
  Port ${world.host.port}
  User root
  IdentityFile ${world.host.userKeyFile}
Host jump
  HostName ${world.certified.address}
  Port ${world.certified.port}
  User root
  IdentityFile ${world.certified.userKeyFile}
Host behind
  HostName ${world.host.address}
  Port ${world.host.port}
  User root
  IdentityFile ${world.host.userKeyFile}
  ProxyJump jump
`;
const configured = (world: World) => ({
  ".ssh/config": config(world),
  ".ssh/known_hosts": `${line(world.host)}\n${line(world.certified)}\n`,
});
const byAlias = (world: World, host: string) =>
  world.host.connection({ ...known, ...keyless, host, port: 22, user: undefined });

const hops: LoginWay[] = [
  { name: "alias of ssh_config", connection: (world) => byAlias(world, "compute-1"), home: configured },
  { name: "ProxyJump of ssh_config", connection: (world) => byAlias(world, "behind"), home: configured },
  { name: "jump host", connection: ({ host, certified }) => host.connection({ proxy: certified.connection() }) },
  {
    name: "two jump hosts",
    connection: ({ host, certified, misnamed }) =>
      host.connection({ proxy: certified.connection({ proxy: misnamed.connection() }) }),
  },
  {
    name: "jump host with another key",
    connection: ({ host, certified }) => host.connection({ proxy: certified.connection({ hostKey: host.hostKey }) }),
    refused: { kind: "host-key", says: /proxy 127\.0\.0\.1: the host key is not the known one/ },
  },
  {
    name: "jump host that forwards nothing",
    connection: ({ host, closed }) => host.connection({ proxy: closed.connection() }),
    refused: { kind: "unreachable", says: /proxy brought no connection[\s\S]*TCP forwarding/ },
  },
  {
    name: "jump host that is down",
    connection: ({ host, certified }) => host.connection({ proxy: certified.connection({ port: 1 }) }),
    refused: { kind: "unreachable", says: /proxy 127\.0\.0\.1: connection refused/ },
  },
  {
    name: "host that is down behind a jump host",
    connection: ({ host, certified }) => host.connection({ port: 1, proxy: certified.connection() }),
    refused: { kind: "unreachable", says: /proxy brought no connection/ },
  },
];

const agents: LoginWay[] = [
  {
    name: "agent",
    connection: ({ host, agents: { right } }) => host.connection({ ...keyless, agentSocketPath: right }),
  },
  {
    name: "agent in the environment",
    connection: ({ host }) => host.connection(keyless),
    before: ({ agents: { right } }) => `export SSH_AUTH_SOCK=${right}`,
  },
  {
    name: "agent without a key",
    connection: ({ host, agents: { empty } }) => host.connection({ ...keyless, agentSocketPath: empty }),
    refused: { kind: "authentication", says: /refused every credential[\s\S]*ssh's own keys and agent/ },
  },
  {
    name: "agent that is gone",
    connection: ({ host }) => host.connection({ ...keyless, agentSocketPath: "/nonexistent/agent" }),
    refused: { kind: "authentication", says: /refused every credential[\s\S]*ssh's own keys and agent/ },
  },
  {
    name: "agent with too many keys",
    connection: ({ strict, agents: { many } }) => strict.connection({ ...keyless, agentSocketPath: many }),
    refused: { kind: "authentication", says: /too many refused credentials[\s\S]*privateKeyFile/ },
  },
  {
    name: "agent with too many keys, and the right one is named",
    connection: ({ strict, agents: { many } }) => strict.connection({ agentSocketPath: many }),
  },
];

const keys: LoginWay[] = [
  { name: "key file", connection: ({ host }) => host.connection() },
  {
    name: "key file at home",
    connection: ({ host }) => host.connection({ privateKeyFile: "~/.ssh/compute" }),
    home: ({ host }) => ({ ".ssh/compute": host.userKey }),
  },
  {
    name: "ssh's own key file",
    connection: ({ host }) => host.connection(keyless),
    home: ({ host }) => ({ ".ssh/id_ed25519": host.userKey }),
  },
  {
    name: "encrypted key file",
    connection: ({ host, keys, passphrase }) =>
      host.connection({ privateKeyFile: keys.encrypted, privateKeyPassword: passphrase }),
  },
  {
    name: "encrypted key file with another passphrase",
    connection: ({ host, keys }) => host.connection({ privateKeyFile: keys.encrypted, privateKeyPassword: "wrong" }),
    refused: { kind: "authentication", says: /refused every credential[\s\S]*check privateKeyPassword/ },
  },
  {
    name: "key file that is missing",
    connection: ({ host }) => host.connection({ privateKeyFile: "/nonexistent/key" }),
    refused: { kind: "authentication", says: /privateKeyFile \/nonexistent\/key cannot be read[\s\S]*runs Pulumi/ },
  },
  {
    name: "key file that others can read",
    connection: ({ host, user }) => host.connection({ privateKeyFile: `${user.home}/open` }),
    home: ({ host }) => ({ open: host.userKey }),
    before: () => 'chmod 644 "$HOME/open"',
    refused: { kind: "authentication", says: /others can read[\s\S]*chmod 600/ },
  },
  {
    name: "key file of a stranger",
    connection: ({ host, keys }) => host.connection({ privateKeyFile: keys.stranger }),
    refused: { kind: "authentication", says: /refused every credential[\s\S]*Tried privateKeyFile/ },
  },
  {
    name: "certificate",
    connection: ({ authority, keys }) => authority.connection({ privateKeyFile: keys.signed }),
  },
  {
    name: "certificate that has expired",
    connection: ({ authority, keys }) => authority.connection({ privateKeyFile: keys.expired }),
    refused: { kind: "authentication", says: /refused every credential[\s\S]*sshd's log/ },
  },
  {
    name: "certificate for another user",
    connection: ({ authority, keys }) => authority.connection({ privateKeyFile: keys.forAnother }),
    refused: { kind: "authentication", says: /refused every credential[\s\S]*sshd's log/ },
  },
  { name: "key as text", connection: ({ host }) => host.connection({ ...keyless, privateKey: host.userKey }) },
  {
    name: "RSA key as PEM text",
    connection: ({ host, keys, text }) => host.connection({ ...keyless, privateKey: text(keys.rsa) }),
  },
  {
    name: "encrypted key as text",
    connection: ({ host, keys, text, passphrase }) =>
      host.connection({ ...keyless, privateKey: text(keys.encrypted), privateKeyPassword: passphrase }),
  },
  {
    name: "encrypted key as text without its passphrase",
    connection: ({ host, keys, text }) => host.connection({ ...keyless, privateKey: text(keys.encrypted) }),
    refused: { kind: "authentication", says: /encrypted: give privateKeyPassword/ },
  },
  {
    name: "public key as text",
    connection: ({ host, keys, text }) => host.connection({ ...keyless, privateKey: text(`${keys.rsa}.pub`) }),
    refused: { kind: "authentication", says: /privateKey cannot be used[\s\S]*first and last line/ },
  },
  {
    name: "password",
    connection: ({ host, password }) => host.connection({ ...keyless, password }),
  },
  {
    name: "password that is wrong",
    connection: ({ host }) => host.connection({ ...keyless, password: "wrong" }),
    refused: { kind: "authentication", says: /refused every credential[\s\S]*Tried password for user root/ },
  },
  {
    name: "password where only keys are taken",
    connection: ({ authority, password }) => authority.connection({ ...keyless, password }),
    refused: { kind: "authentication", says: /it takes publickey\b(?!.*\bpassword\))/ },
  },
  {
    name: "password on a machine that runs nothing in its runtime folder",
    connection: ({ host, password }) => host.connection({ ...keyless, password }),
    before: () => 'mount -t tmpfs -o noexec,mode=700 none "$XDG_RUNTIME_DIR"',
    refused: { kind: "unexpected", says: /cannot be run on this machine[\s\S]*XDG_RUNTIME_DIR/ },
  },
  {
    name: "key file on a machine without a home",
    connection: ({ host }) => host.connection(),
    before: () => "export HOME=/nonexistent; umount /etc/passwd",
  },
];

/** Every way to get to a host and to prove who we are. */
export const loginWays: readonly LoginWay[] = [...hops, ...agents, ...keys];
