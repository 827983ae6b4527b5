import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { novaPython, type novaVersions } from "../novaPages/oracle";

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
export async function askNova(
  version: (typeof novaVersions)[number],
  questions: readonly PmemQuestion[],
): Promise<PmemAnswer[]> {
  const { python, environment } = await novaPython(version);
  const usual = { PATH: process.env["PATH"], LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" };
  const options = { input: JSON.stringify(questions), encoding: "utf8", timeout: 300_000, maxBuffer: 2 ** 26 } as const;
  const done = spawnSync(python, [script], { ...options, env: { ...usual, ...environment } });
  if (done.status !== 0) throw new Error(`Nova ${version}: ${done.error?.message ?? done.stderr.slice(-2000)}`);
  return JSON.parse(done.stdout) as PmemAnswer[];
}

/** The program for a host that has a Nova of its own. */
export function oracleProgram(): string {
  return readFileSync(script, "utf8");
}
