import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { HostError } from "../core/errors";
import { mergeProbes, type Probes } from "../core/facts/probes";
import { factsMaxAgeMs, type RawFacts, readFacts } from "../core/session";
import { openTransport } from "../core/transport";
import type { Become, Connection } from "../core/transport/connection";
import { privateFolder } from "../core/transport/privateFolder";
import type { DeclaredHost } from "./declared";
import type { Answer, Request, WireError } from "./protocol";
import { Turns } from "./turns";

/** Reads hosts as soon as they are named, and hands the facts to whoever asks over a socket in a private folder. */
export class ReadAheadServer {
  /** Connections to hosts that this run has changed something on. */
  readonly changed = new Set<string>();
  private readonly reads = new Map<string, { answer: Promise<Answer>; heardAt?: number }>();
  private readonly probes = new Map<string, Probes>();
  private readonly turns = new Turns();
  private server: Server | undefined;
  private path: string | undefined;

  /** Where to ask; starts to listen at the first call. Nothing here keeps the process alive. */
  get socketPath(): string {
    if (this.path === undefined) {
      const path = join(privateFolder("localhost"), `r${randomBytes(5).toString("hex")}`);
      this.path = path;
      this.server = createServer((socket) => {
        socket.unref();
        socket.on("error", () => socket.destroy());
        let text = "";
        socket.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          if (!text.includes("\n")) return;
          void this.answer(JSON.parse(text) as Request).then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
        });
      });
      this.server.listen(path);
      this.server.unref();
      process.once("exit", () => rmSync(path, { force: true }));
    }
    return this.path;
  }

  /**
   * Begins to read a host, unless what is known of it is young enough: once per connection and a moment later, so that all
   * resources of the host that a program makes in one go are asked for together. A failure is kept for whoever asks; it
   * must not end the program.
   */
  begin({ key, connection, become, probes }: DeclaredHost): void {
    const all = mergeProbes(this.probes.get(key) ?? probes, probes);
    this.probes.set(key, all);
    const last = this.reads.get(key);
    if (last && (last.heardAt === undefined || Date.now() - last.heardAt <= factsMaxAgeMs)) return;
    const started = new Promise<void>((resolve) => setImmediate(resolve));
    const answer = started.then(() => this.turns.take(() => read(connection, become, this.probes.get(key) ?? all)));
    const reading: { answer: Promise<Answer>; heardAt?: number } = { answer };
    this.reads.set(key, reading);
    void answer.then(() => {
      reading.heardAt = Date.now();
    });
  }

  private async answer(request: Request): Promise<Answer> {
    if ("facts" in request.want) return (await this.reads.get(request.want.facts)?.answer) ?? { kind: "unknown" };
    if ("noteChange" in request.want) {
      this.changed.add(request.want.noteChange);
      return { kind: "noted" };
    }
    const all = await Promise.all([...this.reads.values()].map(({ answer }) => answer));
    return { kind: "failures", errors: all.flatMap((answer) => (answer.kind === "failed" ? [answer.error] : [])) };
  }
}

async function read(connection: Connection, become: Become, probes: Probes): Promise<Answer> {
  try {
    const transport = openTransport(connection, become);
    const facts: RawFacts = await readFacts(transport, probes).finally(() => transport.close());
    return { kind: "facts", ...facts };
  } catch (error) {
    // Facts may be from before an apply by their beginning, a failure by its end: a host that took a minute to be given
    // up on is not dialled for another minute by whoever asks next.
    const now = Date.now();
    return { kind: "failed", error: toWire(connection.host, error), readAt: now, heardAt: now };
  }
}

function toWire(host: string, error: unknown): WireError {
  if (error instanceof HostError)
    return { errorKind: error.kind, host: error.host, problem: error.problem, advice: error.advice };
  return { errorKind: "unexpected", host, problem: (error as Error).message, advice: undefined };
}
