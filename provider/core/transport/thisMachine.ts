import { spawnSync } from "node:child_process";
import { hostname } from "node:os";

/** True for the names that this machine gives itself. */
export function isThisMachine(host: string): boolean {
  const name = host.toLowerCase();
  const own = hostname().toLowerCase();
  if (name === "localhost" || name === own || name === own.split(".", 1)[0]) return true;
  // Asks the resolver, so only about a name that can be ours: another region may have a host of the same short name.
  return name.startsWith(`${own}.`) && name === fullName();
}

function fullName(): string {
  const { stdout } = spawnSync("hostname", ["--fqdn"], { encoding: "utf8", timeout: 10_000, env: process.env });
  return (stdout ?? "").trim().toLowerCase();
}
