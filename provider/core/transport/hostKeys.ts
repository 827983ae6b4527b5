import { HostError } from "../errors";
import type { Connection } from "./connection";

/** The signature algorithms to allow for a type of key. OpenSSH refuses `ssh-rsa` keys signed the old way since 8.8. */
const ALGORITHMS: Record<string, readonly string[]> = { "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"] };

/** The name a pinned key has in its known_hosts file: independent of the address, the port and ssh_config. */
const PINNED_NAME = "hostmem-pinned";

export interface HostKeyPolicy {
  /** ssh options, `Name=value`. */
  options: readonly string[];
  /** Text for a known_hosts file of its own, to be named by UserKnownHostsFile. */
  knownHosts: string | undefined;
}

/**
 * How ssh is to verify the host.
 *
 * @param clientVersion OpenSSH's version as a number, 9.2. KnownHostsCommand, which could add to a pinned key, is new in 8.5.
 */
export function hostKeyPolicy(connection: Connection, clientVersion: number): HostKeyPolicy {
  const never = ["UpdateHostKeys=no", "VerifyHostKeyDNS=no"];
  const noOtherSource = [
    "GlobalKnownHostsFile=/dev/null",
    "CheckHostIP=no",
    ...(clientVersion >= 8.5 ? ["KnownHostsCommand=none"] : []),
  ];
  if (connection.hostKey !== undefined) {
    const pinned = readPinned(connection.hostKey, connection.host);
    const options = [...never, ...noOtherSource, "StrictHostKeyChecking=yes", ...pinned.options];
    return { options, knownHosts: pinned.knownHosts };
  }
  switch (connection.hostKeyChecking) {
    case "strict":
      return { options: [...never, "StrictHostKeyChecking=yes"], knownHosts: undefined };
    case "accept-new":
      return { options: [...never, "StrictHostKeyChecking=accept-new"], knownHosts: undefined };
    case "off":
      return {
        options: [...never, ...noOtherSource, "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"],
        knownHosts: undefined,
      };
  }
}

/** True for a text that can pin a host: lines of authorized_keys, known_hosts or ssh-keyscan, or a certificate authority. */
export function isHostKey(text: string): boolean {
  try {
    readPinned(text, "");
    return true;
  } catch {
    return false;
  }
}

function readPinned(text: string, host: string): { options: string[]; knownHosts: string } {
  const entries = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => readLine(line, host));
  if (entries.length === 0) throw notAKey(host);
  const authority = entries.some((entry) => entry.authority);
  // A certificate names the hosts it is good for, and ssh looks for the alias among them if there is one: no alias then.
  const options = authority ? [] : [`HostKeyAlias=${PINNED_NAME}`, `HostKeyAlgorithms=${algorithms(entries)}`];
  const pattern = (entry: Entry) =>
    entry.authority ? `@cert-authority ${entry.hosts}` : authority ? "*" : PINNED_NAME;
  const knownHosts = entries.map((entry) => `${pattern(entry)} ${entry.type} ${entry.key}\n`).join("");
  return { options, knownHosts };
}

interface Entry {
  authority: boolean;
  hosts: string;
  type: string;
  key: string;
}

/** Reads a line of authorized_keys, of known_hosts or of ssh-keyscan: the first key type and the key behind it count. */
function readLine(line: string, host: string): Entry {
  const words = line.split(/\s+/);
  const authority = words[0] === "@cert-authority";
  if (words[0]?.startsWith("@") && !authority) throw notAKey(host);
  const at = words.findIndex((word) => /^(ssh|ecdsa|sk)-[a-z0-9@.-]+$/.test(word));
  const type = words[at] ?? "";
  const key = words[at + 1] ?? "";
  if (at < 0 || !holdsType(key, type)) throw notAKey(host);
  return { authority, hosts: authority && at === 2 ? (words[1] ?? "*") : "*", type, key };
}

/** A key begins with the name of its type, four bytes of length before it (RFC 4253, 6.6). */
function holdsType(key: string, type: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return false;
  const bytes = Buffer.from(key, "base64");
  return bytes.length > 4 + type.length && bytes.toString("latin1", 4, 4 + bytes.readUInt32BE(0)) === type;
}

function algorithms(entries: readonly Entry[]): string {
  return [...new Set(entries.flatMap((entry) => ALGORITHMS[entry.type] ?? [entry.type]))].join(",");
}

function notAKey(host: string): HostError {
  return new HostError("refused", host, "hostKey is not a public key", {
    advice:
      'Give one line as `ssh-keyscan HOST` prints it, for example "ssh-ed25519 AAAA…", or "@cert-authority * ssh-ed25519 AAAA…".',
  });
}
