import { noteForRun } from "./runNotes";

/** Says that a trial has proved one of the things it must prove. */
export type Prove<Claim extends string> = (claim: Claim) => void;

/**
 * Begins a trial that the table at the end of a run of the tests counts. Every claim must be proved before its test
 * ends: the run fails otherwise, also when the test itself was never finished.
 *
 * @param table the kind of trial, such as "contents of a disk".
 * @param trial this one, named once in its table.
 * @param must what each trial of this kind has to prove, in the words of the table's columns.
 */
export function beginTrial<const Claim extends string>(
  table: string,
  trial: string,
  must: readonly Claim[],
): Prove<Claim> {
  noteForRun({ table, trial, must });
  return (proved) => noteForRun({ table, trial, proved });
}
