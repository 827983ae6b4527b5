import type { ChildProcess } from "node:child_process";
import { terminate } from "./childProcess";
import { FrameParser } from "./frame";
import type { Secret } from "./secret";
import { Tail } from "./tail";
import type { RunResult } from "./types";
import { becomeLine, frameScript, readyUser, sudoPrompt } from "./wrapper";

const STDERR_TAIL_BYTES = 8 * 1024;
/** More than this before our shell answers is not a banner. */
const MAX_NOISE_BYTES = 1024 * 1024;
/** How long a session may take to close once everything was said; something in the background may hold it open for ever. */
const CLOSING_MS = 200;

export interface Request {
  method: "sudo" | "none";
  password: Secret | undefined;
  script: string;
  /** New for each run; also names the prompt of sudo. */
  nonce: string;
  timeoutMs: number;
  maxOutputBytes: number;
  onOutput: ((chunk: Buffer) => void) | undefined;
  /** The child leads a process group of ours: end all of it. Not so for ssh, whose other end is on the host. */
  endGroup: boolean;
}

/** `shell`: nothing of the script was sent yet, so it is safe to try again. */
export type Phase = "shell" | "script";

/** How a conversation ended, before anyone decides what that means. */
export type Outcome =
  | { kind: "finished"; result: RunResult }
  | { kind: "closed"; phase: Phase; exitCode: number | null; stdout: string; stderr: string; passwordSent: boolean }
  | { kind: "timeout"; phase: Phase; stderr: string; passwordSent: boolean }
  | { kind: "flood"; phase: Phase }
  | { kind: "not-root"; user: number }
  | { kind: "wrong-password" }
  | { kind: "not-started"; cause: Error }
  | { kind: "listener-failed"; cause: unknown };

/**
 * Talks to a shell at the other end of a child process: become root, wait until root's shell says so, send the script, take
 * its output out of the frame. One object per run.
 */
export class Conversation {
  private phase: Phase = "shell";
  private readonly stdoutFrame: FrameParser;
  private readonly stderrFrame: FrameParser;
  private readonly output: Buffer[] = [];
  private readonly stdoutNoise = new Tail(STDERR_TAIL_BYTES);
  private readonly stderrNoise = new Tail(STDERR_TAIL_BYTES);
  private readonly stderrOutput = new Tail(STDERR_TAIL_BYTES);
  private received = 0;
  /** Standard output, later standard error, that was not yet searched through. */
  private unreadOutput = "";
  private unreadErrors = "";
  private passwordSent = false;
  private settled = false;
  private timers: NodeJS.Timeout[] = [];
  private resolve: (outcome: Outcome) => void = () => {};

  constructor(
    private readonly child: ChildProcess,
    private readonly request: Request,
  ) {
    this.stdoutFrame = new FrameParser(request.nonce);
    this.stderrFrame = new FrameParser(request.nonce);
  }

  /** Resolves once; the child is then gone or being ended. */
  hold(): Promise<Outcome> {
    const { child, request } = this;
    return new Promise((resolve) => {
      this.resolve = resolve;
      child.on("error", (cause) => this.settle({ kind: "not-started", cause }));
      child.on("close", (exitCode) => this.closed(exitCode));
      child.stdin?.on("error", () => {}); // the other end went away; `close` says how
      child.stdout?.on("data", (chunk: Buffer) => this.guard(() => this.takeOutput(chunk)));
      child.stderr?.on("data", (chunk: Buffer) => this.guard(() => this.takeErrors(chunk)));
      this.after(request.timeoutMs, () => this.settle({ kind: "timeout", ...this.soFar() }));
      child.stdin?.write(becomeLine(request.method, request.password && request.nonce));
    });
  }

  private takeOutput(chunk: Buffer): void {
    if (this.phase === "shell") this.awaitRoot(chunk);
    else this.takeFramed(chunk);
  }

  private awaitRoot(chunk: Buffer): void {
    this.stdoutNoise.add(chunk);
    if (this.countUp(chunk.length, MAX_NOISE_BYTES)) return;
    this.unreadOutput = this.unreadOutput.slice(-256) + chunk.toString("latin1");
    const user = readyUser(this.unreadOutput);
    if (user === undefined) return;
    if (user !== 0) {
      this.settle({ kind: "not-root", user });
      return;
    }
    this.phase = "script";
    this.received = 0;
    this.child.stdin?.write(frameScript(this.request.script, this.request.nonce));
  }

  private takeFramed(chunk: Buffer): void {
    const piece = this.stdoutFrame.add(chunk);
    if (this.countUp(this.stdoutFrame.begun ? piece.length : chunk.length, this.request.maxOutputBytes)) return;
    if (piece.length > 0) {
      this.output.push(piece);
      this.request.onOutput?.(piece);
    }
    this.finishIfComplete();
  }

  private takeErrors(chunk: Buffer): void {
    const begun = this.stderrFrame.begun;
    const piece = this.stderrFrame.add(chunk);
    if (!begun) this.stderrNoise.add(chunk);
    this.stderrOutput.add(piece);
    if (this.countUp(chunk.length, this.phase === "shell" ? MAX_NOISE_BYTES : this.request.maxOutputBytes)) return;
    if (this.phase === "shell") this.answerSudo(chunk);
    this.finishIfComplete();
  }

  private answerSudo(chunk: Buffer): void {
    const { password, nonce } = this.request;
    if (!password) return;
    const prompt = sudoPrompt(nonce);
    this.unreadErrors += chunk.toString("latin1");
    const at = this.unreadErrors.indexOf(prompt);
    this.unreadErrors = at < 0 ? this.unreadErrors.slice(-prompt.length) : this.unreadErrors.slice(at + prompt.length);
    if (at < 0) return;
    if (this.passwordSent) {
      this.settle({ kind: "wrong-password" });
      return;
    }
    this.passwordSent = true;
    this.child.stdin?.write(`${password.reveal()}\n`);
    this.answerSudo(Buffer.alloc(0)); // a second prompt may be in the same piece
  }

  /** True when the bound was exceeded and the conversation is over. */
  private countUp(bytes: number, bound: number): boolean {
    this.received += bytes;
    if (this.received > bound) this.settle({ kind: "flood", phase: this.phase });
    return this.settled;
  }

  private finishIfComplete(): void {
    if (!this.stdoutFrame.ended || this.settled) return;
    this.child.stdin?.end();
    this.after(CLOSING_MS, () => this.settle(this.finished()));
  }

  private closed(exitCode: number | null): void {
    if (this.stdoutFrame.ended) this.settle(this.finished());
    else this.settle({ kind: "closed", exitCode, stdout: this.stdoutNoise.text(), ...this.soFar() });
  }

  private finished(): Outcome {
    return {
      kind: "finished",
      result: {
        stdout: Buffer.concat(this.output),
        stderr: this.stderrOutput.text(),
        exitCode: this.stdoutFrame.exitCode!,
      },
    };
  }

  private soFar(): { phase: Phase; stderr: string; passwordSent: boolean } {
    const tail = this.stderrFrame.begun ? this.stderrOutput : this.stderrNoise;
    return { phase: this.phase, stderr: tail.text(), passwordSent: this.passwordSent };
  }

  private after(milliseconds: number, action: () => void): void {
    this.timers.push(setTimeout(action, milliseconds));
  }

  /** An error thrown by the listener for output must not end the whole process. */
  private guard(action: () => void): void {
    if (this.settled) return;
    try {
      action();
    } catch (cause) {
      this.settle({ kind: "listener-failed", cause });
    }
  }

  private settle(outcome: Outcome): void {
    if (this.settled) return;
    this.settled = true;
    for (const timer of this.timers) clearTimeout(timer);
    terminate(this.child, this.request.endGroup && outcome.kind !== "finished");
    // A shared connection holds copies of our pipes: they may stay open long after the child is gone.
    this.child.stdin?.destroy();
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
    this.resolve(outcome);
  }
}
