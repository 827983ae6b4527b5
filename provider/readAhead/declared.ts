import { noProbes } from "../core/facts/probes";
import { readAccess, readCommon } from "../core/inputs/common";
import { Inputs } from "../core/inputs/problem";
import { kinds } from "../core/kinds";
import type { ReadAheadServer } from "./server";

/** Begins to read the host of a resource, and what its inputs name there. Inputs that cannot be read are check's to report. */
export function readDeclared(
  server: Pick<ReadAheadServer, "begin">,
  kindName: string,
  properties: Record<string, unknown>,
): void {
  const inputs = new Inputs(properties, "", []);
  const access = readAccess(inputs);
  const kind = kinds.get(kindName);
  const probes = kind?.probes?.(kind.check(inputs, readCommon(inputs)));
  // What is refused is not looked for: it may be no path at all.
  const isRight = inputs.problems.length === 0;
  if (access) server.begin(access.connection, access.become, (isRight && probes) || noProbes);
}
