import { strict as assert } from "node:assert";
import { isFullRun } from "../sampled";
import { beginTrial } from "../trials";
import { type AnyTarget, mostBatches, type Oracle, startReader, tryCases } from "./target";

/** The seed of this run of the tests, which its first line names. */
export const seed = Number(process.env["HOSTMEM_SEED"] ?? Date.now() % 2 ** 31);

/** One test per target, with as many cases as a run of the tests has time for. */
export function fuzzTests(targets: readonly AnyTarget[]): void {
  for (const target of targets) {
    const numRuns = isFullRun ? target.runs.full : target.runs.sample;
    describe(`${target.name}, seed ${seed}, ${numRuns} cases`, function () {
      this.timeout(0);
      let reader: Oracle;
      before(async () => {
        reader = await startReader(target);
      });
      after(() => reader?.stop());

      it(target.says, async () => {
        const prove = beginTrial("fuzz cases", `${numRuns} of ${target.name}`, ["without a difference"]);
        let { failure, missing } = await tryCases(target, reader, seed, numRuns);
        // A rare kind of case is no failure of an unlucky seed: there are more cases where those came from.
        for (let more = 1; failure === undefined && missing.length > 0 && more < mostBatches; more++) {
          const batch = await tryCases(target, reader, seed + more, numRuns);
          failure = batch.failure;
          missing = missing.filter((kind) => batch.missing.includes(kind));
        }
        assert.ok(failure === undefined, failure);
        assert.deepEqual(missing, [], "kinds of cases that never occurred");
        prove("without a difference");
      });
    });
  }
}
