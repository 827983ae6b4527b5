import { HostError } from "../errors";
import type { Become } from "./connection";
import type { Request } from "./conversation";
import { secret } from "./secret";
import type { RunOptions } from "./types";

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

/** A run with its defaults filled in; only the nonce is missing. */
export function runRequest(host: string, script: string, become: Become, options: RunOptions): Omit<Request, "nonce"> {
  if (script.includes("\0")) throw new HostError("unexpected", host, "a script cannot hold a NUL character");
  const password = become.method === "sudo" ? secret(become.password) : undefined;
  if (password && /[\r\n\0]/.test(password.reveal())) {
    throw new HostError("refused", host, "become.password is more than one line", {
      advice: "A line feed at the end of a secret's file is the usual cause.",
    });
  }
  return {
    method: become.method,
    password,
    script,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxOutputBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    onOutput: options.onOutput,
    endGroup: false,
  };
}
