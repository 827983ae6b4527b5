import { readFileSync } from "node:fs";
import { Inputs, type Problem } from "../core/inputs/problem";
import { readMembers } from "../core/migration/groupInputs";
import type { MigrationProfile } from "../core/migration/traits";
import { accessNames, type HostAccess, readHostAccess } from "../readAhead/running";
import { connectionOf, UsageError } from "./words";

/**
 * How to reach a host that was named on the command line, by the rules for resources.
 *
 * @param file JSON that holds for every host, or undefined.
 * @throws UsageError
 */
export function accessTo(word: string, file: string | undefined): HostAccess {
  const common = file === undefined ? {} : objectIn(file);
  const unknown = Object.keys(common).filter((name) => !accessNames.some((known) => known === name));
  if (unknown.length > 0)
    throw new UsageError(`${file}: has ${unknown.join(", ")}: write ${accessNames.join(", ")} alone`);
  const { connection = {}, ...others } = common;
  if (typeof connection !== "object" || connection === null || "host" in connection)
    throw new UsageError(`${file}: connection must be an object without host, which the command line names`);
  const problems: Problem[] = [];
  const properties = { ...others, connection: { ...connection, ...connectionOf(word) } };
  const access = readHostAccess(new Inputs(properties, "", problems));
  if (access && problems.length === 0) return access;
  throw new UsageError(`${word}: ${problems.map(textOf).join("; ")}`);
}

/**
 * Hosts as a program tells of them.
 *
 * @throws UsageError
 */
export function profilesIn(file: string): MigrationProfile[] {
  const value = valueIn(file);
  const problems: Problem[] = [];
  // What is not a list is one host's.
  const profiles = readMembers(new Inputs({ members: Array.isArray(value) ? value : [value] }, "", problems));
  if (problems.length > 0) throw new UsageError(problems.map((problem) => `${file}: ${textOf(problem)}`).join("\n"));
  return profiles;
}

const textOf = ({ path, message }: Problem) => `${path}: ${message}`;

function objectIn(file: string): Record<string, unknown> {
  const value = valueIn(file);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`${file}: must be a JSON object, such as {"connection": {"user": "deploy"}}`);
}

/** What a file holds is never quoted: it can be a secret. */
function valueIn(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "no reason given"}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
}
