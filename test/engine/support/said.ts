import { strict as assert } from "node:assert";
import type { SshServer } from "../../support/ssh/server";
import type { OperationResult } from "./project";

/** A login to a private sshd, as a program declares it. */
export function loginOf(server: SshServer, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    host: server.address,
    port: server.port,
    user: "root",
    privateKeyFile: server.userKeyFile,
    hostKey: server.hostKey.trim(),
    dialErrorLimit: 0,
    ...changes,
  };
}

/** What the errors of resources say, in a fixed order: the first line of each, without whose it is. */
export function errorLines(result: OperationResult): string[] {
  return result.diagnostics
    .filter(({ severity, message }) => severity === "error" && message.includes("["))
    .map(({ message }) => {
      const [first, advice, ...more] = message.trimEnd().split("\n");
      assert.ok(advice?.startsWith("  ") && more.length === 0, message);
      assert.doesNotMatch(message, /\.js:\d|HostError|undefined|kex|ssh:/);
      return first!.replace(/^.*? has a problem: /, "");
    })
    .sort();
}

/** Lines for the user that match, each once for each time that it was said. */
export function messages(result: OperationResult, pattern: RegExp): string[] {
  return result.diagnostics
    .filter(({ severity }) => severity.startsWith("info"))
    .flatMap(({ message }) => message.split("\n"))
    .filter((line) => pattern.test(line))
    .sort();
}
