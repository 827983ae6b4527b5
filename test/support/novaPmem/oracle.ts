import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { answersOf, type novaVersions } from "../novaPages/oracle";

/** nova-compute's configuration, and what `ndctl list -X` prints on its host. */
export interface PmemQuestion {
  novaConf: string;
  /** Left out, ndctl is really run, as root. */
  listed?: string;
}

/** What Nova knows of its namespaces and would tell placement; or its words when it does not start. */
export type PmemAnswer =
  | {
      namespaces: Record<string, { label: string; device: string; size: number; align: number }>;
      inventory: Record<string, { total: number; max_unit: number }>;
    }
  | { refused: string };

const script = resolve(__dirname, "../../../../test/support/novaPmem/oracle.py");

/** What Nova of one version, from the registry, makes of each question. */
export function askNova(
  version: (typeof novaVersions)[number],
  questions: readonly PmemQuestion[],
): Promise<PmemAnswer[]> {
  return answersOf("novaPmem/oracle.py", version, questions);
}

/** The program for a host that has a Nova of its own. */
export function oracleProgram(): string {
  return readFileSync(script, "utf8");
}
