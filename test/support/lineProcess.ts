import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program that answers each line of JSON with one: asked thousands of times a second, where a process each would take minutes. */
export class LineProcess {
  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    private readonly answers: AsyncIterator<string>,
  ) {}

  /** @param name who answers, for the message when it does not. */
  static start(name: string, command: readonly string[], environment: Record<string, string> = {}): LineProcess {
    const [program, ...args] = command;
    const env = { PATH: process.env["PATH"], LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1", ...environment };
    const child = spawn(program!, args, { env, stdio: ["pipe", "pipe", "inherit"] });
    child.stdin!.on("error", () => {}); // it has ended; the question says so
    const lines = createInterface({ input: child.stdout! });
    return new LineProcess(name, child, lines[Symbol.asyncIterator]());
  }

  async ask<Answer>(question: object): Promise<Answer> {
    this.child.stdin!.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error(`${this.name} ended without an answer to ${JSON.stringify(question)}`);
    return JSON.parse(value) as Answer;
  }

  async stop(): Promise<void> {
    this.child.stdin!.end();
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
  }
}
