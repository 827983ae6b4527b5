import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HostError } from "../errors";
import { Askpass, addedKeyQuestions } from "./askpass";
import { runTool, terminate } from "./childProcess";
import { sshEnvironment } from "./environment";
import { listens } from "./listens";
import type { Secret } from "./secret";
import { lastLine } from "./tail";

const START_LIMIT_MS = 20_000;
const LOAD_LIMIT_MS = 20_000;

/**
 * An agent for one login that holds the key which was given as text, so that the text is never in a file. The shell around it
 * ends it as soon as our end of the pipe is closed, however we end.
 */
const SUPERVISED = 'ssh-agent -D -a "$0" >/dev/null 2>&1 & agent=$!; cat >/dev/null; kill "$agent"; wait';

export class KeyAgent {
  private constructor(
    readonly socket: string,
    private readonly shell: ChildProcess,
  ) {}

  static async start(host: string, folder: string, key: Secret, passphrase: Secret | undefined): Promise<KeyAgent> {
    const socket = join(folder, `k${randomBytes(5).toString("hex")}`);
    const environment = sshEnvironment();
    const shell = spawn("sh", ["-c", SUPERVISED, socket], {
      env: environment,
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    shell.on("error", () => {});
    shell.stdin?.on("error", () => {});
    const agent = new KeyAgent(socket, shell);
    try {
      await agent.untilReady(host);
      await agent.load(host, folder, key, passphrase);
      return agent;
    } catch (error) {
      agent.stop();
      throw error;
    }
  }

  stop(): void {
    this.shell.stdin?.end();
    rmSync(this.socket, { force: true });
  }

  private async untilReady(host: string): Promise<void> {
    const limit = Date.now() + START_LIMIT_MS;
    while (!(await listens(this.socket))) {
      if (Date.now() > limit || this.shell.exitCode !== null) {
        throw new HostError("unexpected", host, "ssh-agent did not start on this machine", {
          advice: "A private key given as text needs OpenSSH's ssh-agent and ssh-add; a key file does not.",
        });
      }
      await sleep(5);
    }
  }

  private async load(host: string, folder: string, key: Secret, passphrase: Secret | undefined): Promise<void> {
    const answers = { password: undefined, passphrase, passphraseQuestions: addedKeyQuestions };
    const askpass = passphrase && (await Askpass.start(folder, answers));
    try {
      const ended = await runTool("ssh-add", ["-q", "-"], {
        environment: sshEnvironment({ ...askpass?.environment, SSH_AUTH_SOCK: this.socket }),
        timeoutMs: LOAD_LIMIT_MS,
        input: asKeyFile(key),
        onStart: (child) => askpass?.serve(child.pid, () => terminate(child)),
      });
      if (ended.exitCode !== 0) throw unreadable(host, ended.stderr, askpass?.refused !== undefined);
    } finally {
      askpass?.stop();
    }
  }
}

/** ssh-add wants line feeds, and one at the end; keys from configuration and environment often come without. */
function asKeyFile(key: Secret): string {
  return `${key.reveal().replace(/\r\n?/g, "\n").trim()}\n`;
}

function unreadable(host: string, stderr: string, refusedPassphrase: boolean): HostError {
  if (refusedPassphrase) {
    return new HostError("authentication", host, "privateKeyPassword is not the passphrase of privateKey");
  }
  // Without a passphrase ssh-add says "incorrect passphrase supplied to decrypt private key".
  const advice = /passphrase/i.test(stderr)
    ? "The key is encrypted: give privateKeyPassword."
    : "Give the whole text of an OpenSSH or PEM private key, with its first and last line.";
  const problem = `privateKey cannot be used: ${lastLine(stderr) || "ssh-add refused it"}`;
  return new HostError("authentication", host, problem, { advice, output: stderr });
}
