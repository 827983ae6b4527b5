import { answersOf, type novaVersions } from "../novaPages/oracle";

/** A question to Nova's own code; what each means is in oracle.py. */
export type MigrationQuestion =
  | { ask: "xml"; xml: string; wants: boolean }
  | { ask: "pmem"; classes: string[]; services: number[] }
  | { ask: "numa"; topology: boolean; services: number[] }
  | { ask: "hypervisor"; source: string; destination: string }
  | { ask: "devices"; label: string; there: string[] }
  | { ask: "pages"; here: number; there: number }
  | { ask: "pmem-class"; label: string }
  | { ask: "constants" };

/** What Nova of one version says to each. */
export function askNova(
  version: (typeof novaVersions)[number],
  questions: readonly MigrationQuestion[],
): Promise<unknown[]> {
  return answersOf("novaMigration/oracle.py", version, questions, 600);
}
