import { spawnSync } from "node:child_process";
import { HostError } from "../errors";

let known: number | undefined;

/** OpenSSH's version on this machine as a number, 9.2. */
export function clientVersion(host: string): number {
  if (known !== undefined) return known;
  const result = spawnSync("ssh", ["-V"], { encoding: "utf8", timeout: 10_000 });
  if (result.error || result.status !== 0) {
    throw new HostError("unexpected", host, "there is no ssh on this machine", {
      advice: "Install OpenSSH's client, 8.4 or later.",
      cause: result.error,
    });
  }
  known = readVersion(`${result.stderr}${result.stdout}`);
  return known;
}

/** Reads `OpenSSH_9.2p1 Debian-2, OpenSSL …`; an ssh that says nothing of the kind counts as current. */
export function readVersion(text: string): number {
  const match = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(text);
  // "9.10" would be less than "9.9" as a number; minor versions stay below ten, so far.
  return match ? Number(match[1]) + Math.min(Number(match[2]), 9) / 10 : Number.POSITIVE_INFINITY;
}
