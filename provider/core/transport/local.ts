import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { terminate } from "./childProcess";
import type { Become, Connection } from "./connection";
import { Conversation } from "./conversation";
import { localEnvironment } from "./environment";
import { runRequest } from "./request";
import { closedMeanwhile, runError } from "./runErrors";
import type { RunOptions, RunResult, Transport } from "./types";
import { REMOTE_COMMAND } from "./wrapper";

/** The machine itself, through the same conversation as any other host. */
export class LocalTransport implements Transport {
  private readonly children = new Set<ChildProcess>();
  private closed = false;

  constructor(
    private readonly connection: Connection,
    private readonly become: Become,
  ) {}

  get host(): string {
    return this.connection.host;
  }

  async run(script: string, options: RunOptions = {}): Promise<RunResult> {
    const request = runRequest(this.host, script, this.become, options);
    const child = spawn(REMOTE_COMMAND, [], { cwd: "/", env: localEnvironment(), stdio: "pipe", detached: true });
    this.children.add(child);
    try {
      const nonce = randomBytes(16).toString("hex");
      const outcome = await new Conversation(child, { ...request, nonce, endGroup: true }).hold();
      if (outcome.kind === "finished") return outcome.result;
      if (this.closed) throw closedMeanwhile(this.host);
      throw runError(outcome, { connection: this.connection, ...request, linkAlive: true });
    } finally {
      this.children.delete(child);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const child of this.children) terminate(child, true);
    this.children.clear();
  }
}
