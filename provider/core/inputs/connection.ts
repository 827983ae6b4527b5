import type { Become, Connection } from "../transport/connection";
import { isHostKey } from "../transport/hostKeys";
import { isHostName, isPlainName } from "../transport/plainName";
import type { Inputs } from "./problem";

/** Fields of `@pulumi/command`'s ConnectionArgs, and ours. */
export const connectionFields = [
  "host",
  "port",
  "user",
  "password",
  "privateKey",
  "privateKeyPassword",
  "agentSocketPath",
  "hostKey",
  "dialErrorLimit",
  "perDialTimeout",
  "proxy",
  "transport",
  "privateKeyFile",
  "hostKeyChecking",
] as const;

const example = '{ host: "compute-1", user: "deploy" }';

/** Reads the `connection` property. */
export function readConnection(parent: Inputs, name = "connection"): Connection | undefined {
  const inputs = parent.object(name, example, true);
  if (!inputs) {
    if (!parent.has(name)) parent.problem(name, `is required, for example ${example}`);
    return undefined;
  }
  inputs.rejectUnknown(connectionFields);
  const host = inputs.text("host");
  if (!inputs.has("host"))
    inputs.problem("host", 'is required: the name or address of the host, such as "compute-1.example.net"');
  else if (host !== undefined && !isHostName(host)) {
    inputs.problem(
      "host",
      /@|:\/\//.test(host)
        ? "must be the name or address of the host alone: a user before an @ belongs into user, a password into password, and nothing of it into host, which is part of every message"
        : "must be a host name or an address, without blanks, quotes and other signs of a shell, and not beginning with a dash",
    );
  }
  const user = inputs.text("user");
  if (user !== undefined && (!isPlainName(user) || user.includes("@"))) {
    inputs.problem("user", 'must be the name of a user on the host, such as "deploy", without blanks, quotes or an @');
  }
  const hostKey = inputs.text("hostKey");
  if (hostKey !== undefined && !isHostKey(hostKey)) {
    inputs.problem(
      "hostKey",
      'must be a public key line, for example "ssh-ed25519 AAAA…", as `ssh-keyscan HOST` prints it',
    );
  }
  const hostKeyChecking = inputs.choice("hostKeyChecking", ["strict", "accept-new", "off"]) ?? "strict";
  if (hostKey !== undefined && hostKeyChecking !== "strict") {
    inputs.problem("hostKeyChecking", "must be left out beside hostKey: a pinned key is always checked");
  }
  if (host === undefined) return undefined;
  return {
    host,
    port: inputs.integer("port", 1, 65535) ?? 22,
    user: user ?? "root",
    password: inputs.text("password"),
    privateKey: inputs.text("privateKey"),
    privateKeyPassword: inputs.text("privateKeyPassword"),
    agentSocketPath: inputs.text("agentSocketPath"),
    hostKey: hostKey?.trim(),
    dialErrorLimit: inputs.integer("dialErrorLimit", -1, 1_000_000) ?? 3,
    perDialTimeout: inputs.integer("perDialTimeout", 0, 86_400) ?? 15,
    proxy: inputs.has("proxy") ? readConnection(inputs, "proxy") : undefined,
    transport: inputs.choice("transport", ["ssh", "local"]) ?? "ssh",
    privateKeyFile: inputs.text("privateKeyFile"),
    hostKeyChecking,
  };
}

/** Reads the `become` property: `"sudo"`, `"none"`, or sudo with a password. */
export function readBecome(inputs: Inputs, user: string | undefined): Become {
  const value = inputs.raw("become");
  if (value === undefined || value === null) return { method: user === "root" ? "none" : "sudo", password: undefined };
  if (typeof value === "string") {
    if (value !== "sudo" && value !== "none")
      inputs.problem("become", 'must be "sudo" or "none", or sudo with a password: { password: … }');
    return { method: value === "none" ? "none" : "sudo", password: undefined };
  }
  const object = inputs.object("become", "{ password: … }", true);
  object?.rejectUnknown(["method", "password"]);
  const method = object?.choice("method", ["sudo", "none"]) ?? "sudo";
  return { method, password: object?.text("password") };
}
