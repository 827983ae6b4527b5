import { quote } from "../quote";
import type { Connection } from "./connection";
import { keyFilePath } from "./identity";
import { REMOTE_COMMAND } from "./wrapper";

const DEFAULT_PORT = 22;
/** Idle seconds after which a shared login closes by itself: long enough for the update after a preview. */
const PERSIST_SECONDS = 60;
/** A dead link is noticed after three unanswered questions. */
const ALIVE_INTERVAL_SECONDS = 10;
const ALIVE_COUNT = 3;

/** What of the user's ssh_config must not come along: it is meant for a person at a terminal. */
const NO_EXTRAS = [
  "RequestTTY=no",
  "RemoteCommand=none",
  "PermitLocalCommand=no",
  "ForwardAgent=no",
  "ForwardX11=no",
  "ClearAllForwardings=yes",
  "Tunnel=no",
  "VisualHostKey=no",
  "AddKeysToAgent=no",
];

export interface LoginPlan {
  connection: Connection;
  /** Path of the shared connection's socket. */
  socket: string;
  /** Shared connection of the hop before this host. */
  proxySocket: string | undefined;
  hostKeyOptions: readonly string[];
  knownHostsFile: string | undefined;
  /** Socket of an agent that holds the key which was given as text. */
  keyAgent: string | undefined;
  /** Somebody of ours answers ssh's questions. */
  answers: boolean;
  /** The host may ask its own questions, by keyboard-interactive. */
  takesQuestions: boolean;
}

/**
 * Arguments for `ssh` to log in and stay in the background for others to use. Holds no secret: other users can read them.
 *
 * With -N and ControlPersist ssh goes to the background by itself once others can connect, but stays in the foreground if
 * another process was faster, so that a superfluous login is ours to end. With -f it would stay behind (seen with 9.2).
 */
export function loginArguments(plan: LoginPlan): string[] {
  const { connection } = plan;
  const options = [
    "ControlMaster=yes",
    `ControlPath=${percent(plan.socket)}`,
    `ControlPersist=${PERSIST_SECONDS}`,
    `ServerAliveInterval=${ALIVE_INTERVAL_SECONDS}`,
    `ServerAliveCountMax=${ALIVE_COUNT}`,
    // Below INFO ssh does not say why a negotiation failed or that the host closed the connection. Banners come with it.
    "LogLevel=INFO",
    "ConnectionAttempts=1",
    ...(connection.perDialTimeout > 0 ? [`ConnectTimeout=${connection.perDialTimeout}`] : []),
    ...NO_EXTRAS,
    ...plan.hostKeyOptions,
    ...(plan.knownHostsFile ? [`UserKnownHostsFile=${percent(plan.knownHostsFile)}`] : []),
    ...credentialOptions(plan),
    ...(plan.proxySocket && connection.proxy ? [`ProxyCommand=${hopCommand(plan.proxySocket, connection.proxy)}`] : []),
  ];
  return ["-M", "-N", "-T", ...asOptions(options), ...addressArguments(connection)];
}

/** Arguments for `ssh` to run our shell over a shared login, and to fail rather than log in by itself. */
export function sessionArguments(socket: string, connection: Connection): string[] {
  return ["-T", ...sharedOnly(socket), ...addressArguments(connection), REMOTE_COMMAND];
}

/** Options for a client of a shared login. It needs no configuration, and its own way to the host is a dead end. */
function sharedOnly(socket: string): string[] {
  const options = [
    "ControlMaster=no",
    `ControlPath=${percent(socket)}`,
    "ProxyCommand=false",
    "BatchMode=yes",
    "LogLevel=ERROR",
  ];
  return ["-F", "/dev/null", ...asOptions(options)];
}

function credentialOptions(plan: LoginPlan): string[] {
  const { connection } = plan;
  const options: string[] = [];
  if (plan.keyAgent) options.push(`IdentityAgent=${percent(plan.keyAgent)}`, "IdentityFile=none", "IdentitiesOnly=no");
  else if (connection.agentSocketPath) options.push(`IdentityAgent=${percent(connection.agentSocketPath)}`);
  // With the agent's other keys before it, the host may refuse to go on before this one is tried (MaxAuthTries).
  if (connection.privateKeyFile && !plan.keyAgent) {
    options.push(`IdentityFile=${percent(keyFilePath(connection.privateKeyFile))}`, "IdentitiesOnly=yes");
  }
  const byPassword = connection.password ? "yes" : "no";
  options.push(
    `PasswordAuthentication=${byPassword}`,
    `KbdInteractiveAuthentication=${plan.takesQuestions ? byPassword : "no"}`,
  );
  // One wrong answer is enough: more of them only lock the account.
  options.push(plan.answers ? "NumberOfPasswordPrompts=1" : "BatchMode=yes");
  return options;
}

/** The hop's shared login carries the connection on; ssh gives the command to the user's shell, after replacing `%`. */
function hopCommand(socket: string, hop: Connection): string {
  const words = ["ssh", ...sharedOnly(socket), "-W", "[%h]:%p", ...addressArguments(hop)];
  return words.map((word) => (word === "[%h]:%p" ? `'${word}'` : quote(word).replaceAll("%", "%%"))).join(" ");
}

function addressArguments(connection: Connection): string[] {
  // The default port is left to ssh_config, which may name another one for this host.
  const port = connection.port === DEFAULT_PORT ? [] : ["-p", String(connection.port)];
  const user = connection.user === undefined ? [] : ["-l", connection.user];
  return [...port, ...user, "--", connection.host];
}

function asOptions(options: readonly string[]): string[] {
  return options.flatMap((option) => ["-o", option]);
}

/** A path as an option's value: ssh expands `%`, and takes blanks for separators unless quoted. */
function percent(path: string): string {
  const text = path.replaceAll("%", "%%");
  return /[\s"\\]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
}
