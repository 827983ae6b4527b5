import { HostError, type HostErrorKind } from "../errors";
import type { Connection } from "./connection";
import { lastLine } from "./sanitize";

/** What ssh said when it could not log in, and what else is known about the attempt. */
export interface LoginFailure {
  stderr: string;
  /** ssh was ended by our bound on the login. */
  timedOut: boolean;
  /** Questions of the host that nobody could answer. */
  unanswered: readonly string[];
}

interface Rule {
  pattern: RegExp;
  kind: HostErrorKind;
  problem: (match: RegExpExecArray, stderr: string) => string;
  advice: (connection: Connection) => string;
}

const KNOWN_HOSTS_ADVICE = (connection: Connection) =>
  `Compare it with \`ssh-keyscan ${portOption(connection)}${connection.host}\` over a line you trust, then add it to known_hosts or give hostKey.`;

/** In order: the first that matches counts. The texts are OpenSSH's, from 8.0 to 10; LC_ALL=C. */
const RULES: readonly Rule[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for \S+ has changed/,
    kind: "host-key",
    problem: (_, stderr) => `the host key is not the known one${fingerprint(stderr)}`,
    advice: (connection) =>
      connection.hostKey
        ? "If the host was installed anew, put its new key into hostKey; if not, somebody else answers in its place."
        : "If the host was installed anew, remove the old key (`ssh-keygen -R HOST`) and add the new one; if not, somebody else answers in its place.",
  },
  {
    pattern: /No (\S+) host key is known for (\S+)/,
    kind: "host-key",
    problem: (match) => `no ${match[1]} host key is known for ${match[2]}`,
    advice: KNOWN_HOSTS_ADVICE,
  },
  {
    pattern: /no matching host key type found\. Their offer: (\S+)/,
    kind: "host-key",
    problem: (match) => `the host has no key of the expected type; it offers ${match[1]}`,
    advice: KNOWN_HOSTS_ADVICE,
  },
  {
    pattern: /Host key verification failed|[Cc]ertificate invalid|REVOKED HOST KEY|Host certificate/,
    kind: "host-key",
    problem: (_, stderr) =>
      `the host key was refused: ${firstMatch(stderr, /.*(invalid|REVOKED|expired|verification).*/)}`,
    advice: KNOWN_HOSTS_ADVICE,
  },
  {
    pattern:
      /Bad configuration option|[Bb]ad owner or permissions on|terminating, \d+ bad configuration|command-line.*line \d+/,
    kind: "unexpected",
    problem: (_, stderr) => `ssh refuses its configuration: ${firstMatch(stderr, /.*(Bad|bad|line \d+).*/)}`,
    advice: () => "Try `ssh HOST true` on this machine; ssh_config(5) is read as it is.",
  },
  {
    pattern: /Permission denied \(([^)]*)\)/,
    kind: "authentication",
    problem: (match) => `the host refused every credential (it takes ${match[1]?.replaceAll(",", ", ")})`,
    advice: (connection) => credentialAdvice(connection),
  },
  {
    pattern: /Too many authentication failures/,
    kind: "authentication",
    problem: () => "the host closed the connection after too many keys",
    advice: () => "Name one key by privateKeyFile or privateKey; the agent offers all of its keys.",
  },
  {
    pattern:
      /No supported authentication methods|Authentication failed|password (has )?expired|Your account has expired/,
    kind: "authentication",
    problem: (_, stderr) => `the host does not let us in: ${lastLine(stderr)}`,
    advice: (connection) => credentialAdvice(connection),
  },
  {
    pattern: /Could not resolve hostname (\S+?):? (.*)/,
    kind: "unreachable",
    problem: (match) => `the name ${match[1]?.replace(/:$/, "")} was not found: ${match[2]}`,
    advice: () => "Check the host's name, or give its address.",
  },
  {
    pattern: /Connection refused/,
    kind: "unreachable",
    problem: () => "connection refused",
    advice: () => "Nothing listens there: check the port, and that sshd runs.",
  },
  {
    pattern:
      /Connection timed out|Operation timed out|timed out during banner exchange|Timeout, server \S+ not responding/,
    kind: "unreachable",
    problem: () => "the host did not answer in time",
    advice: () => "Check that the host is up and no firewall is between; perDialTimeout is the bound.",
  },
  {
    pattern: /No route to host|Network is unreachable|Host is down|Network is down/,
    kind: "unreachable",
    problem: (match) => match[0].charAt(0).toLowerCase() + match[0].slice(1),
    advice: () => "Check the host's address and the network, or give a proxy.",
  },
  {
    pattern: /administratively prohibited|open failed: connect failed: ?(.*)|stdio forwarding failed/,
    kind: "unreachable",
    problem: (_, stderr) =>
      `the proxy could not connect to the host: ${firstMatch(stderr, /.*(open failed|forwarding failed).*/)}`,
    advice: () => "Check that the proxy reaches the host, and allows TCP forwarding.",
  },
  {
    pattern: /kex_exchange_identification|ssh_exchange_identification|Not allowed at this time|Exceeded MaxStartups/,
    kind: "unreachable",
    problem: () => "the host closed the connection before the login began",
    advice: () => "It may have too many logins at once (MaxStartups in sshd_config), or block this address.",
  },
  {
    pattern:
      /Connection (closed|reset)|Broken pipe|Connection to \S+ (closed|timed out)|Software caused connection abort/,
    kind: "unreachable",
    problem: (_, stderr) =>
      `the connection was cut during the login: ${firstMatch(stderr, /.*(closed|reset|Broken|timed out|abort).*/)}`,
    advice: () => "Look at sshd's log on the host.",
  },
];

/** What a failed login means. */
export function loginError(connection: Connection, failure: LoginFailure): HostError {
  const { stderr } = failure;
  const question = failure.unanswered.at(-1);
  for (const rule of RULES) {
    const match = rule.pattern.exec(stderr);
    if (!match) continue;
    if (rule.kind === "authentication" && question !== undefined)
      return askedSomethingElse(connection, question, stderr);
    return new HostError(rule.kind, connection.host, rule.problem(match, stderr), {
      advice: rule.advice(connection),
      output: stderr,
    });
  }
  if (failure.timedOut) {
    return new HostError("unreachable", connection.host, "the login did not come to an end in time", {
      advice: "Check the host's load and its way to log users in (LDAP, PAM); perDialTimeout is part of the bound.",
      output: stderr,
    });
  }
  return new HostError("unexpected", connection.host, `ssh failed: ${lastLine(stderr) || "without a word"}`, {
    advice: "Try `ssh HOST true` on this machine.",
    output: stderr,
  });
}

function askedSomethingElse(connection: Connection, question: string, stderr: string): HostError {
  return new HostError(
    "authentication",
    connection.host,
    `the login asks "${question}", which cannot be answered here`,
    {
      advice: "Use a key, or an account whose login wants nothing but a password.",
      output: stderr,
    },
  );
}

function credentialAdvice(connection: Connection): string {
  const tried = [
    ...(connection.privateKey ? ["privateKey"] : []),
    ...(connection.privateKeyFile ? ["privateKeyFile"] : []),
    ...(connection.password ? ["password"] : []),
  ];
  const credentials = tried.length > 0 ? tried.join(", ") : "ssh's own keys and agent";
  return `Tried ${credentials} for ${connection.user ? `user ${connection.user}` : "the default user"}: check the user and authorized_keys on the host.`;
}

function fingerprint(stderr: string): string {
  const match = /(?:fingerprint for the )?(\S+)? ?key sent by the remote host is\s+(\S+?)\.?\s/.exec(`${stderr}\n`);
  return match ? ` (it sent ${match[2]})` : "";
}

function firstMatch(stderr: string, pattern: RegExp): string {
  return lastLine(pattern.exec(stderr)?.[0] ?? stderr);
}

function portOption(connection: Connection): string {
  return connection.port === 22 ? "" : `-p ${connection.port} `;
}
