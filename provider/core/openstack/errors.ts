import { readableLine } from "../readable";

/**
 * What can go wrong with a cloud's API, told apart by `kind`.
 *
 * - `settings`: nothing was asked, because what says how to reach the cloud is missing or wrong.
 * - `unreachable`: no connection, no answer in time, or a proxy that says that nobody answers behind it.
 * - `authentication`: keystone refused the credential.
 * - `forbidden`: the credential is right, and its roles do not allow this.
 * - `missing`: what was asked for is not there.
 * - `invalid`: the service does not take what was asked of it, such as the name of a trait that it does not know.
 * - `conflict`: somebody else changed it in the meantime.
 * - `unexpected`: the answer cannot be true, or is an error of the service itself.
 * - `late`: what was asked for did not come about in time.
 */
export type CloudErrorKind =
  | "settings"
  | "unreachable"
  | "authentication"
  | "forbidden"
  | "missing"
  | "invalid"
  | "conflict"
  | "unexpected"
  | "late";

/** An error about one cloud: one line with what was tried, what came of it, and what to do. Holds no secret. */
export class CloudError extends Error {
  override readonly name = "CloudError";

  /** By which the service itself tells errors of one status apart, such as `placement.concurrent_update`. */
  readonly code: string | undefined;

  /**
   * @param cloud the cloud's name in messages.
   * @param problem what was tried and what came of it, without an end.
   * @param advice what the user can do about it.
   */
  constructor(
    readonly kind: CloudErrorKind,
    readonly cloud: string,
    readonly problem: string,
    readonly advice: string,
    { cause, code }: { cause?: unknown; code?: string | undefined } = {},
  ) {
    super(`[${cloud}] ${readableLine(problem)}; ${readableLine(advice)}`, { cause });
    this.code = code;
  }
}
