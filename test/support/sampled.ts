import { createHash } from "node:crypto";

/**
 * Some of the cases of a large table, drawn by the seed that the run prints; all of them in a full run.
 *
 * @param label what tells this table's draw from another's.
 */
export function sampled<T>(label: string, cases: readonly T[], count: number): T[] {
  return process.env["HOSTMEM_TEST_FULL"] ? [...cases] : drawn(label, cases, count);
}

/** The same where all would take too long even for a full run. */
export function drawn<T>(label: string, cases: readonly T[], count: number): T[] {
  const seed = process.env["HOSTMEM_SEED"] ?? "0";
  const lot = (index: number) => createHash("sha256").update(`${seed} ${label} ${index}`).digest("hex");
  const chosen = new Set([...cases.keys()].sort((one, other) => (lot(one) < lot(other) ? -1 : 1)).slice(0, count));
  return cases.filter((_, index) => chosen.has(index));
}
