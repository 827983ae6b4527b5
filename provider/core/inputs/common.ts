import type { CommonArgs } from "../kinds/kind";
import type { Become, Connection } from "../transport/connection";
import { readBecome, readConnection } from "./connection";
import { readInstallation } from "./installation";
import type { Inputs } from "./problem";

/** Inputs that every kind has. */
export const commonInputNames = [
  "owner",
  "connection",
  "become",
  "unreachable",
  "lockTimeoutSeconds",
  "allowHazards",
  "takeOverFrom",
  "installation",
] as const;

/** Everything that an operator may accept by name; each is refused otherwise. */
export const hazards = [
  "guests-in-ram",
  "guests-in-files",
  "guests-with-jobs",
  "capacity-below-used",
  "files-of-other-tools",
  "guests-without-pages",
  "renumbered-namespaces",
] as const;
export type Hazard = (typeof hazards)[number];

export const defaultLockTimeoutSeconds = 300;

export function readAccess(inputs: Inputs): { connection: Connection; become: Become } | undefined {
  const connection = readConnection(inputs);
  const become = readBecome(inputs, connection?.user);
  return connection && { connection, become };
}

export function readCommon(inputs: Inputs): CommonArgs {
  return {
    owner: inputs.text("owner") ?? "",
    takeOverFrom: inputs.text("takeOverFrom"),
    unreachable: inputs.choice("unreachable", ["fail", "skip"]) ?? "fail",
    lockTimeoutSeconds: inputs.integer("lockTimeoutSeconds", 0, 86_400) ?? defaultLockTimeoutSeconds,
    allowHazards: inputs.choices("allowHazards", hazards),
    installation: readInstallation(inputs),
  };
}
