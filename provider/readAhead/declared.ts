import { noProbes, type Probes } from "../core/facts/probes";
import { readAccess, readCommon } from "../core/inputs/common";
import { Inputs } from "../core/inputs/problem";
import { kinds } from "../core/kinds";
import { probesOf } from "../core/kinds/kind";
import { connectionKey } from "../core/transport";
import type { Become, Connection } from "../core/transport/connection";

/** A host that a resource is declared for, and what the resource's inputs name there. */
export interface DeclaredHost {
  /** Identity of the connection, see `connectionKey`. */
  key: string;
  connection: Connection;
  become: Become;
  probes: Probes;
}

/** @returns undefined for inputs that cannot be read, which are check's to report. */
export function declaredHost(kindName: string, properties: Record<string, unknown>): DeclaredHost | undefined {
  const inputs = new Inputs(properties, "", []);
  const access = readAccess(inputs);
  if (!access) return undefined;
  const kind = kinds.get(kindName);
  const probes = kind ? probesOf(kind, kind.check(inputs, readCommon(inputs))) : noProbes;
  // What is refused is not looked for: it may be no path at all.
  const isRight = inputs.problems.length === 0;
  return { ...access, key: connectionKey(access.connection, access.become), probes: isRight ? probes : noProbes };
}
