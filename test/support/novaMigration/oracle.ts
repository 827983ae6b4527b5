import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { novaPython, type novaVersions } from "../novaPages/oracle";

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
export async function askNova(
  version: (typeof novaVersions)[number],
  questions: readonly MigrationQuestion[],
): Promise<unknown[]> {
  const script = resolve(__dirname, "../../../../test/support/novaMigration/oracle.py");
  const { python, environment } = await novaPython(version);
  const usual = { PATH: process.env["PATH"], LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" };
  const done = spawnSync(python, [script], {
    env: { ...usual, ...environment },
    input: JSON.stringify(questions),
    encoding: "utf8",
    timeout: 600_000,
    maxBuffer: 2 ** 26,
  });
  if (done.status !== 0) throw new Error(`Nova ${version}: ${done.error?.message ?? done.stderr.slice(-2000)}`);
  return JSON.parse(done.stdout) as unknown[];
}
