import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { sanitize } from "../readable";
import type { Secret } from "./secret";

/** What we can answer when ssh asks. */
export interface Answers {
  password: Secret | undefined;
  passphrase: Secret | undefined;
  /** In which words the passphrase is asked for: ssh's own, about our key. A host can ask anything in any others. */
  passphraseQuestions: readonly string[];
}

type Kind = "password" | "passphrase";

/** ssh-add's questions about a key on its standard input. */
export const addedKeyQuestions = ["Enter passphrase for (stdin): ", "Bad passphrase, try again for (stdin): "];

/** ssh's question about a key file, of whose name it tells no more than 100 bytes. */
export function keyFileQuestion(path: string): string {
  return `Enter passphrase for key '${Buffer.from(path).subarray(0, 100).toString("utf8")}': `;
}

/**
 * Answers the questions of one ssh (or ssh-add) process over a socket in the private folder. The secret is in this process
 * and on its way through the socket, never in an argument, an environment or a file.
 */
export class Askpass {
  /** Questions that were not answered, as the host or ssh asked them. */
  readonly unanswered: string[] = [];
  private readonly given = new Set<Kind>();
  private asker: number | undefined;
  private onRepeated: () => void = () => {};
  /** What was given and not accepted. */
  refused: Kind | undefined;
  private readonly connections = new Set<Socket>();

  private constructor(
    private readonly answers: Answers,
    private readonly server: Server,
    private readonly program: string,
    private readonly socket: string,
  ) {}

  static async start(folder: string, answers: Answers): Promise<Askpass> {
    const name = join(folder, `a${randomBytes(5).toString("hex")}`);
    const server = createServer();
    const askpass = new Askpass(answers, server, `${name}.sh`, name);
    server.on("connection", (connection) => askpass.answer(connection));
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(name, resolve));
    // ssh calls a program with the question as its only argument; this one is our helper, run by the same Node.
    writeFileSync(askpass.program, '#!/bin/sh\nexec "$HOSTMEM_NODE" "$HOSTMEM_HELPER" "$1"\n', { mode: 0o700 });
    return askpass;
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      SSH_ASKPASS: this.program,
      SSH_ASKPASS_REQUIRE: "force",
      HOSTMEM_NODE: process.execPath,
      HOSTMEM_HELPER: join(__dirname, "askpassHelper.js"),
      HOSTMEM_SOCKET: this.socket,
    };
  }

  /**
   * Names the process that may ask. A jump host of ssh_config has an ssh of its own, with this environment: not for it.
   *
   * @param onRepeated called when something is asked for again after it was given: it was wrong, and each further try (with
   * nothing, or by another method) would only count towards a lock of the account.
   */
  serve(pid: number | undefined, onRepeated: () => void): void {
    this.asker = pid;
    this.onRepeated = onRepeated;
  }

  stop(): void {
    for (const connection of this.connections) connection.destroy();
    this.server.close();
    rmSync(this.socket, { force: true });
    rmSync(this.program, { force: true });
  }

  private answer(connection: Socket): void {
    let text = "";
    this.connections.add(connection);
    connection.on("close", () => this.connections.delete(connection));
    connection.on("error", () => {});
    connection.on("data", (chunk) => {
      text += chunk.toString("utf8");
      if (text.length > 64 * 1024) connection.destroy();
      if (!text.endsWith("\n")) return;
      connection.end(JSON.stringify({ answer: this.answerTo(text)?.reveal() ?? null }));
    });
  }

  private answerTo(text: string): Secret | undefined {
    const { asker, question } = JSON.parse(text) as { asker: number; question: string };
    const kind = asker === this.asker ? questionKind(question, this.answers.passphraseQuestions) : undefined;
    const secret = kind && this.answers[kind];
    if (kind && secret && !this.given.has(kind)) {
      this.given.add(kind);
      return secret;
    }
    this.unanswered.push(sanitize(question).trim().slice(0, 200));
    if (kind && secret) {
      this.refused = kind;
      this.onRepeated();
    }
    return undefined;
  }
}

/**
 * What a question wants. A password also answers keyboard-interactive questions, in whatever language the host asks them,
 * except those that plainly want something else.
 */
export function questionKind(question: string, passphraseQuestions: readonly string[]): Kind | undefined {
  if (passphraseQuestions.includes(question)) return "passphrase";
  if (/\bpassphrase\b/i.test(question)) return undefined;
  if (/^(Enter PIN|Confirm user presence)|\(yes\/no/i.test(question)) return undefined;
  if (/(new|retype|again).{0,20}password/i.test(question)) return undefined;
  if (/\b(code|otp|token|one-time|oath|verification|passcode|yubikey|duo)\b/i.test(question)) return undefined;
  return "password";
}
