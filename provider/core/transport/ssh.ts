import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { HostError } from "../errors";
import { terminate } from "./childProcess";
import type { Become, Connection } from "./connection";
import { Conversation, type Outcome } from "./conversation";
import { sshEnvironment } from "./environment";
import { isHostName, isPlainName } from "./plainName";
import { runRequest } from "./request";
import { pauseAfter } from "./retry";
import { closedMeanwhile, NO_SESSION_LEFT, runError } from "./runErrors";
import { SharedLogin } from "./sharedLogin";
import { sessionArguments } from "./sshArguments";
import type { RunOptions, RunResult, Transport } from "./types";

/** A host reached through the system's OpenSSH client. */
export class SshTransport implements Transport {
  private readonly children = new Set<ChildProcess>();
  private readonly login: SharedLogin;
  private closed = false;

  constructor(
    private readonly connection: Connection,
    private readonly become: Become,
  ) {
    checkWords(connection);
    this.login = SharedLogin.of(connection);
  }

  get host(): string {
    return this.connection.host;
  }

  async run(script: string, options: RunOptions = {}): Promise<RunResult> {
    const request = runRequest(this.host, script, this.become, options);
    const limit = Date.now() + request.timeoutMs;
    let freshLogins = 0;
    for (let refusals = 1; ; ) {
      await this.login.open();
      const outcome = await this.converse({ ...request, nonce: randomBytes(16).toString("hex") });
      if (outcome.kind === "finished") return outcome.result;
      if (this.closed) throw closedMeanwhile(this.host);
      // Before root's shell has spoken, nothing of the script was sent: trying again cannot run it twice.
      const unsent = outcome.kind === "closed" && outcome.phase === "shell";
      if (unsent && NO_SESSION_LEFT.test(outcome.stderr) && Date.now() < limit) {
        await sleep(pauseAfter(refusals));
        refusals += 1;
        continue;
      }
      const linkAlive = !endedHere(outcome) && (await this.login.isOpen());
      if (unsent && !linkAlive && freshLogins === 0) {
        freshLogins += 1;
        continue;
      }
      throw runError(outcome, { connection: this.connection, ...request, linkAlive });
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const child of this.children) terminate(child);
    this.children.clear();
  }

  private async converse(request: ConstructorParameters<typeof Conversation>[1]): Promise<Outcome> {
    const release = await this.login.session();
    const child = spawn("ssh", sessionArguments(this.login.socket, this.connection), {
      env: sshEnvironment(),
      stdio: "pipe",
      detached: true,
    });
    this.children.add(child);
    try {
      return await new Conversation(child, request).hold();
    } finally {
      this.children.delete(child);
      release();
    }
  }
}

/**
 * ssh itself was killed (no exit code), or lost its connection (255; a shell's own 255 comes inside the frame). Whether
 * somebody still listens on the socket says nothing then: both ends may be dying.
 */
function endedHere(outcome: Outcome): boolean {
  return (
    outcome.kind === "closed" && outcome.phase === "script" && (outcome.exitCode === null || outcome.exitCode === 255)
  );
}

/** What goes into ssh's arguments and, through ProxyCommand, past a shell, must not be taken for anything but a name. */
function checkWords(connection: Connection): void {
  // Not told by its name, which may have a password in it.
  if (!isHostName(connection.host)) throw new HostError("refused", "host", "this is not a host name or address");
  if (connection.user !== undefined && !isPlainName(connection.user)) {
    throw new HostError("refused", connection.host, "this is not a user name");
  }
  if (connection.proxy) checkWords(connection.proxy);
}
