import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { tryTargets } from "../../support/fuzz/campaign";
import { mostBatches, target } from "../../support/fuzz/target";

/** Tries one target on numbers, for no longer than it must; `holds` throws, or sees. */
async function tried(holds: (value: number) => string[], mustSee: string[]): Promise<[isGood: boolean, said: string]> {
  const numbers = target({
    name: "numbers",
    says: "numbers are numbers",
    cases: fc.integer({ min: 0, max: 99 }),
    holds: (value: number, _, saw) => saw(...holds(value)),
    mustSee,
    runs: { sample: 10, full: 10 },
  });
  const said: string[] = [];
  const isGood = await tryTargets({ targets: [numbers], seed: 1, minutes: 0 }, (line: string) => said.push(line));
  return [isGood, said.join("\n")];
}

describe("the fuzzer", () => {
  it("succeeds after one seed if all kinds of cases occurred", async () => {
    const [isGood, said] = await tried(() => ["any"], ["any"]);
    assert.equal(isGood, true);
    assert.match(said, /^numbers +10 cases, 0 differences\n/);
  });

  it("goes on for a kind of case that is rare", async () => {
    let cases = 0;
    const holds = () => {
      cases += 1;
      return cases > 25 ? ["rare"] : [];
    };
    const [isGood, said] = await tried(holds, ["rare"]);
    assert.equal(isGood, true, said);
    assert.match(said, /^numbers +30 cases, 0 differences\n/);
  });

  it("fails if a kind of case never occurred", async () => {
    const [isGood, said] = await tried(() => ["any"], ["any", "other"]);
    assert.equal(isGood, false);
    assert.match(said, new RegExp(`${10 * mostBatches} cases, 0 differences, NONE with other\n`));
    assert.match(said, /1 of 1 targets failed/);
  });

  it("fails if a case fails, and says how to repeat it", async () => {
    const [isGood, said] = await tried((value) => {
      assert.ok(value < 0);
      return [];
    }, []);
    assert.equal(isGood, false);
    assert.match(said, /numbers: not so: numbers are numbers[\s\S]*again: npm run fuzz -- --only numbers --seed 1/);
  });
});
