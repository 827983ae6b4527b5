import { createHash } from "node:crypto";
import { noteForRun } from "./runNotes";

/** A run that tries all of its tables, however long that takes. */
export const isFullRun = Boolean(process.env["HOSTMEM_TEST_FULL"]);

/**
 * Some of the cases of a large table, drawn by the seed that the run prints; all of them in a full run.
 *
 * @param label what tells this table's draw from another's.
 */
export function sampled<T>(label: string, cases: readonly T[], count: number): T[] {
  return isFullRun ? [...cases] : drawn(label, cases, count);
}

/** The same where all would take too long even for a full run. */
export function drawn<T>(label: string, cases: readonly T[], count: number): T[] {
  const seed = process.env["HOSTMEM_SEED"] ?? "0";
  const lot = (index: number) => createHash("sha256").update(`${seed} ${label} ${index}`).digest("hex");
  const chosen = new Set([...cases.keys()].sort((one, other) => (lot(one) < lot(other) ? -1 : 1)).slice(0, count));
  if (chosen.size < cases.length) noteForRun({ sample: label, drawn: chosen.size, of: cases.length });
  return cases.filter((_, index) => chosen.has(index));
}

/**
 * Of tests that need not each other, some drawn by the seed stay in their suite; all of them in a full run. To be called at
 * the end of the suite, as `keepSome(this, …)`.
 *
 * @param tests which of the suite's own tests may go; all of them, unless told otherwise.
 */
export function keepSome(suite: Mocha.Suite, label: string, count: number, tests = suite.tests): void {
  const gone = new Set(tests);
  for (const test of sampled(label, tests, count)) gone.delete(test);
  suite.tests = suite.tests.filter((test) => !gone.has(test));
}

/** A test that only a full run has: what it shows changes rarely, and takes long. */
export function itInFullRuns(title: string, test: Mocha.AsyncFunc): void {
  if (isFullRun) it(title, test);
  else noteForRun({ sample: "tests that only a full run has", drawn: 0, of: 1 });
}
