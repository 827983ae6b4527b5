/**
 * What can go wrong with a host, told apart by `kind`, because only one of them may ever be read as "the object is gone"
 * (and that one is not an error at all: it is an observation).
 *
 * - `unreachable`: no TCP connection, name not found, link lost and not regained. Says nothing about the host's state.
 * - `host-key`: the host is not the one we know. Never retried.
 * - `authentication`: the host refused every credential.
 * - `become`: logged in, but not root (sudo asks for a password, refuses, or is missing).
 * - `timeout`: the host answered once and then not in time.
 * - `unexpected`: the host answered with something that cannot be true (wrong framing, too much output, a missing tool).
 * - `busy`: another apply holds the host's lock.
 * - `moved`: the host is no longer as the preview saw it.
 * - `refused`: Nova, libvirt, a disk or a rule of ours would not take this change; nothing was changed.
 * - `failed`: a step failed; the message says what was put back.
 */
export type HostErrorKind =
  | "unreachable"
  | "host-key"
  | "authentication"
  | "become"
  | "timeout"
  | "unexpected"
  | "busy"
  | "moved"
  | "refused"
  | "failed";

export interface HostErrorDetails {
  /** What the user can do about it, one sentence. */
  advice?: string;
  /** Exit code of the remote command, where there was one. */
  exitCode?: number;
  /** The last lines the remote side printed, without terminal escapes. Never contains anything we sent. */
  output?: string;
  cause?: unknown;
}

/** An error about one host: at most three lines, no secret, no stack worth reading. */
export class HostError extends Error {
  override readonly name = "HostError";
  readonly advice: string | undefined;
  readonly exitCode: number | undefined;
  readonly output: string | undefined;

  constructor(
    readonly kind: HostErrorKind,
    readonly host: string,
    readonly problem: string,
    details: HostErrorDetails = {},
  ) {
    super(`[${host}] ${problem}${details.advice ? `\n  ${details.advice}` : ""}`, { cause: details.cause });
    this.advice = details.advice;
    this.exitCode = details.exitCode;
    this.output = details.output;
  }
}

/** True for the errors after which a host's state is simply unknown, as opposed to known and wrong. */
export function isUnreachable(error: unknown): error is HostError {
  return error instanceof HostError && (error.kind === "unreachable" || error.kind === "timeout");
}
