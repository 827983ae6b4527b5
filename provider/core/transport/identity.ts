import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Become, Connection } from "./connection";

/** Everything that decides who logs in where, and how the host is verified. */
export function loginFacts(connection: Connection): unknown {
  if (connection.transport === "local") return ["local"];
  return {
    host: connection.host,
    port: connection.port,
    user: connection.user ?? null,
    password: connection.password ?? null,
    privateKey: connection.privateKey ?? null,
    privateKeyPassword: connection.privateKeyPassword ?? null,
    // A key or certificate that is replaced under its old name is another credential.
    privateKeyFile: connection.privateKeyFile ? keyFileFacts(connection.privateKeyFile) : null,
    // A key given as text comes from an agent of its own.
    agent: connection.privateKey ? null : (connection.agentSocketPath ?? process.env["SSH_AUTH_SOCK"] ?? null),
    hostKey: connection.hostKey ?? null,
    hostKeyChecking: connection.hostKeyChecking,
    proxy: connection.proxy ? loginFacts(connection.proxy) : null,
    // Files that an Include in these names are not followed: a change there counts once the idle login is closed.
    configuration: [textOf(join(homedir(), ".ssh/config")), textOf("/etc/ssh/ssh_config")],
  };
}

/** A name for a login; the same for every process that has the same salt. Says nothing about what it was made of. */
export function loginKey(connection: Connection, salt: string): string {
  return digest(loginFacts(connection), salt);
}

/** A name for a login and the way to root from there. */
export function accessKey(connection: Connection, become: Become, salt: string): string {
  return digest([loginFacts(connection), become.method, become.password ?? null], salt);
}

function digest(facts: unknown, salt: string): string {
  // Short, because it becomes part of a socket's path; 80 bits leave no room for two logins with one name.
  return createHmac("sha256", salt).update(JSON.stringify(facts)).digest("hex").slice(0, 20);
}

/** The path of a key file as ssh reads it. */
export function keyFilePath(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

function keyFileFacts(path: string): unknown {
  const file = keyFilePath(path);
  return [file, textOf(file), textOf(`${file}-cert.pub`)];
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
