import type { HostErrorKind } from "../errors";
import type { Connection } from "./connection";
import { lastLine } from "./tail";

/** What a message of ssh means. */
export interface LoginRule {
  pattern: RegExp;
  kind: HostErrorKind;
  problem: (match: RegExpExecArray, stderr: string) => string;
  advice: (connection: Connection) => string;
}

/**
 * In order: the first that matches counts. The texts are OpenSSH's, from 8.0 to 10, with LC_ALL=C. They are matched at the
 * beginning of a line where ssh has them there, because a banner of the host may stand before them.
 */
export const LOGIN_RULES: readonly LoginRule[] = [
  {
    pattern: /^(@ +WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for \S+ has changed)/m,
    kind: "host-key",
    problem: (_, stderr) => `the host key is not the known one${fingerprint(stderr)}`,
    advice: (connection) =>
      connection.hostKey
        ? "If the host was installed anew, put its new key into hostKey; if not, somebody else answers in its place."
        : `If the host was installed anew, remove its old key (\`ssh-keygen -R ${knownHostsName(connection)}\`) and add the new one; if not, somebody else answers in its place.`,
  },
  {
    pattern: /^(?:Certificate invalid: (.*)|Host certificate (.*))/m,
    kind: "host-key",
    problem: (match) => `the host's certificate was refused: ${match[1] ?? match[2]}`,
    advice: () => "Have the host's key signed for the name it is reached by, or pin the key itself in hostKey.",
  },
  {
    pattern: /REVOKED HOST KEY|^Host key \S+ \S+ revoked/m,
    kind: "host-key",
    problem: () => "the host key is marked as revoked",
    advice: () =>
      "Somebody may answer in the host's place with a stolen key: look at RevokedHostKeys and @revoked in known_hosts.",
  },
  {
    pattern: /^No (\S+) host key is known for (\S+)/m,
    kind: "host-key",
    problem: (match) => `no ${match[1]} host key is known for ${match[2]}`,
    advice: knownHostsAdvice,
  },
  {
    pattern: /no matching host key type found\. Their offer: (\S+)/,
    kind: "host-key",
    problem: (match) => `the host has no key of the expected type; it offers ${match[1]}`,
    advice: knownHostsAdvice,
  },
  {
    pattern: /^Host key verification failed/m,
    kind: "host-key",
    problem: (_, stderr) =>
      `the host key was refused: ${lastLine(stderr.replace(/^Host key verification failed.*$/m, ""))}`,
    advice: knownHostsAdvice,
  },
  {
    pattern:
      /^(.*(Bad configuration option|[Bb]ad owner or permissions on|terminating, \d+ bad configuration|^command-line.*line \d+).*)$/m,
    kind: "unexpected",
    problem: (match) => `ssh refuses its configuration: ${match[1]}`,
    advice: () => "Try `ssh HOST true` on this machine: ssh_config(5) is read as it is.",
  },
  {
    pattern: /^Unable to negotiate with .*: (no matching .*)$/m,
    kind: "unexpected",
    problem: (match) => `ssh and the host have no algorithm in common: ${match[1]}`,
    advice: () => "Allow the host's algorithms in ssh_config (KexAlgorithms, Ciphers, MACs), or update its sshd.",
  },
  {
    pattern: /^ssh_askpass: exec\((\S+)\/[^/]*\): (.*)$/m,
    kind: "unexpected",
    problem: (match) => `programs in ${match[1]} cannot be run on this machine: ${match[2]}`,
    advice: () =>
      "Set XDG_RUNTIME_DIR to a folder of yours that is not mounted noexec, or use a key without a passphrase.",
  },
  {
    pattern: /^Load key "(.*)": bad permissions/m,
    kind: "authentication",
    problem: (match) => `ssh does not use ${match[1]}, which others can read`,
    advice: () => "Run `chmod 600` on it, on the machine that runs Pulumi.",
  },
  {
    pattern: /^(?:\S+: )?Permission denied \(([^)]*)\)/m,
    kind: "authentication",
    problem: (match) => `the host refused every credential (it takes ${match[1]?.replaceAll(",", ", ")})`,
    advice: credentialAdvice,
  },
  {
    pattern: /Too many authentication failures/,
    kind: "authentication",
    problem: () => "the host closed the connection after too many refused credentials",
    advice: (connection) =>
      namedCredentials(connection).length > 0
        ? credentialAdvice(connection)
        : "The agent may offer too many keys: name the right one by privateKeyFile or privateKey.",
  },
  {
    pattern: /^Received disconnect from .*:\d+: (.*(auth|password|account|user).*)$/im,
    kind: "authentication",
    problem: (match) => `the host does not let us in: ${match[1]}`,
    advice: credentialAdvice,
  },
  {
    pattern: /^ssh: Could not resolve hostname (\S+?):? (.*)$/m,
    kind: "unreachable",
    problem: (match) => `the name ${match[1]?.replace(/:$/, "")} was not found: ${match[2]}`,
    advice: () => "Check the host's name, or give its address.",
  },
  {
    pattern: /^ssh: connect to host .*: Connection refused/m,
    kind: "unreachable",
    problem: () => "connection refused",
    advice: () => "Nothing listens there: check the port, and that sshd runs.",
  },
  {
    pattern:
      /^ssh: connect to host .*timed out|^Connection timed out|^Connection to .* timed out|^Timeout, server \S+ not responding/m,
    kind: "unreachable",
    problem: () => "the host did not answer in time",
    advice: () => "Check that the host is up and no firewall is between; perDialTimeout is the bound.",
  },
  {
    pattern: /^ssh: connect to host \S+ port \d+: (.*)$/m,
    kind: "unreachable",
    problem: (match) => `no connection: ${match[1]}`,
    advice: () => "Check the host's address and the network, or give a proxy.",
  },
  {
    pattern: /^(kex_exchange_identification|ssh_exchange_identification|banner exchange):? ?(.*)$/m,
    kind: "unreachable",
    problem: (match, stderr) =>
      / UNKNOWN port /.test(stderr)
        ? "the proxy brought no connection to the host"
        : `the connection ended before the login began: ${match[2]}`,
    advice: (connection) =>
      connection.proxy
        ? `Check that ${connection.proxy.host} reaches ${connection.host} and allows TCP forwarding.`
        : "The host may have too many logins at once (MaxStartups in sshd_config), or block this address.",
  },
  {
    pattern: /^(Your account has expired.*)$/m,
    kind: "authentication",
    problem: (match) => `the host does not let us in: ${match[1]}`,
    advice: (connection) => `Extend it on the host: \`chage --expiredate -1 ${connection.user ?? "USER"}\`.`,
  },
  {
    // pam_nologin(8), between the start of sshd and the end of the boot; what was written into /run/nologin by hand is not known.
    pattern: /^("?System is (?:booting up|going down)\..*)$/m,
    kind: "unreachable",
    problem: (match) => `the host lets nobody but root in: ${match[1]}`,
    advice: () => "Wait until it has booted; /run/nologin on the host is what keeps users out.",
  },
  {
    pattern:
      /^((?:Connection (?:closed|reset)|Disconnected from|Received disconnect|ssh_dispatch_run_fatal|client_loop: send disconnect|Read from remote host).*)$/m,
    kind: "unreachable",
    problem: (match) => `the connection was cut during the login: ${match[1]}`,
    advice: () => "Look at sshd's log on the host.",
  },
];

/** What the user gave to log in with, by the names of the properties. */
export function namedCredentials(connection: Connection): string[] {
  const names = ["privateKey", "privateKeyFile", "password"] as const;
  return names.filter((name) => connection[name]);
}

function credentialAdvice(connection: Connection): string {
  const tried = namedCredentials(connection).join(", ") || "ssh's own keys and agent";
  const user = connection.user ? `user ${connection.user}` : "the default user";
  // ssh does not say whether the passphrase that it got opened the key.
  const passphrase = connection.privateKeyFile && connection.privateKeyPassword ? "privateKeyPassword, " : "";
  return `Tried ${tried} for ${user}: check ${passphrase}the user, and authorized_keys on the host; sshd's log there says why.`;
}

function knownHostsAdvice(connection: Connection): string {
  const port = connection.port === 22 ? "" : `-p ${connection.port} `;
  const command = `ssh-keyscan ${port}${connection.host}`;
  return `Run \`${command}\` over a network you trust, and put what it prints into known_hosts or hostKey.`;
}

function knownHostsName(connection: Connection): string {
  return connection.port === 22 ? connection.host : `[${connection.host}]:${connection.port}`;
}

function fingerprint(stderr: string): string {
  const match = /key sent by the remote host is\s+(\S+?)\.?(\s|$)/.exec(stderr);
  return match ? ` (it sent ${match[1]})` : "";
}
