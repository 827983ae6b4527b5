import { randomBytes } from "node:crypto";
import { accessSync, constants, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "../errors";
import { type Answers, Askpass, keyFileQuestion } from "./askpass";
import { runTool, terminate } from "./childProcess";
import { clientVersion } from "./clientVersion";
import type { Connection } from "./connection";
import { sshEnvironment } from "./environment";
import { hostKeyPolicy } from "./hostKeys";
import { keyFilePath } from "./identity";
import { KeyAgent } from "./keyAgent";
import { loginError } from "./loginErrors";
import { secret } from "./secret";
import { loginArguments } from "./sshArguments";

/** What comes after the connection is there (key exchange, PAM, LDAP) may take this much longer than the dial. */
const AUTHENTICATION_MS = 45_000;
/** Without a bound of ours the kernel gives up on a dial, after about two minutes. */
const UNBOUNDED_DIAL_MS = 300_000;
/** The first version that can be told to ask a program instead of a person (SSH_ASKPASS_REQUIRE). */
const ASKPASS_SINCE = 8.4;

/** The first version that puts "(user@host)" before what a host asks. */
const PREFIX_SINCE = 8.5;

/** Printed by ssh when another process has made the shared connection in the meantime. */
const OTHER_WAS_FASTER = /ControlSocket .* already exists, disabling multiplexing/;

/**
 * One attempt to log in and leave a shared connection at `socket`. Whatever it needed for that is gone when it returns.
 *
 * @throws HostError of kind unreachable, host-key, authentication, refused or unexpected.
 */
export async function login(
  connection: Connection,
  folder: string,
  socket: string,
  proxySocket: string | undefined,
): Promise<void> {
  const { host } = connection;
  if (connection.privateKeyFile) checkKeyFile(host, connection.privateKeyFile);
  const version = clientVersion(host);
  const policy = hostKeyPolicy(connection, version);
  const answers = answersFor(connection);
  const asksUs = answers.password !== undefined || answers.passphrase !== undefined;
  if (asksUs && version < ASKPASS_SINCE) throw tooOld(host, version);
  const key = secret(connection.privateKey);
  const releases: (() => void)[] = [];
  try {
    const knownHostsFile = policy.knownHosts && temporaryFile(folder, policy.knownHosts, releases);
    const agent = key && (await KeyAgent.start(host, folder, key, secret(connection.privateKeyPassword)));
    if (agent) releases.push(() => agent.stop());
    const askpass = asksUs ? await Askpass.start(folder, answers) : undefined;
    if (askpass) releases.push(() => askpass.stop());
    const args = loginArguments({
      connection,
      socket,
      proxySocket,
      hostKeyOptions: policy.options,
      knownHostsFile,
      keyAgent: agent?.socket,
      answers: asksUs,
      // Until then a host could ask in ssh's very words for the passphrase of a key whose name it guesses.
      takesQuestions: answers.passphrase === undefined || version >= PREFIX_SINCE,
    });
    const ended = await runTool("ssh", args, {
      environment: sshEnvironment(askpass?.environment),
      timeoutMs: (connection.perDialTimeout * 1000 || UNBOUNDED_DIAL_MS) + AUTHENTICATION_MS,
      onStart: (child) => askpass?.serve(child.pid, () => terminate(child)),
      endIf: (stderr) => OTHER_WAS_FASTER.test(stderr),
    });
    if (ended.exitCode === 0 || OTHER_WAS_FASTER.test(ended.stderr)) return;
    throw loginError(connection, { ...ended, unanswered: askpass?.unanswered ?? [], refused: askpass?.refused });
  } finally {
    for (const release of releases) release();
  }
}

/** What a login may be asked: a key that was given as text has its own agent by then. */
function answersFor({ password, privateKey, privateKeyFile, privateKeyPassword }: Connection): Answers {
  const file = privateKey ? undefined : privateKeyFile;
  return {
    password: secret(password),
    passphrase: file ? secret(privateKeyPassword) : undefined,
    passphraseQuestions: file ? [keyFileQuestion(keyFilePath(file))] : [],
  };
}

/** ssh only warns of a key file that it cannot read. A public key alone is enough if an agent has the other half. */
function checkKeyFile(host: string, path: string): void {
  const file = keyFilePath(path);
  if ([file, `${file}.pub`].some(isReadable)) return;
  throw new HostError("authentication", host, `privateKeyFile ${file} cannot be read`, {
    advice: "The path is one on the machine that runs Pulumi.",
  });
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function temporaryFile(folder: string, text: string, releases: (() => void)[]): string {
  const path = join(folder, `h${randomBytes(5).toString("hex")}`);
  writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  releases.push(() => rmSync(path, { force: true }));
  return path;
}

function tooOld(host: string, version: number): HostError {
  return new HostError("refused", host, `ssh ${version} on this machine cannot take a password from a program`, {
    advice: "Use a key without a passphrase or an agent, or OpenSSH 8.4 or later.",
  });
}
