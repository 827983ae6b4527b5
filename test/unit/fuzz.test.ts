import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { allTargets, ownTargets } from "../support/fuzz/all";
import { assertProportional } from "../support/fuzz/growth";
import { type AnyTarget, target, tryCases } from "../support/fuzz/target";
import { fuzzTests } from "../support/fuzz/tests";

fuzzTests(ownTargets);

describe("the fuzzer", () => {
  const reader = { stop: async () => {} };
  const planted: AnyTarget = target({
    name: "planted",
    says: "no text has an x in it",
    cases: fc.string({ unit: fc.constantFrom("x", "y") }),
    holds: (text: string, _, saw) => {
      saw("text");
      assert.ok(!text.includes("x"), "there is an x");
    },
    mustSee: ["text", "number"],
    runs: { sample: 1, full: 1 },
  });

  it("gives the smallest failing case with what repeats it, and says what never occurred", async () => {
    const { failure, missing } = await tryCases(planted, reader, 7, 100);
    assert.match(
      failure ?? "",
      /planted: not so: no text has an x in it\n {2}smallest case \(after \d+ steps\): "x"\n/,
    );
    assert.match(failure ?? "", /there is an x/);
    assert.match(failure ?? "", /npm run fuzz -- --only planted --seed 7$/);
    assert.deepEqual(missing, ["number"]);
    assert.equal((await tryCases(planted, reader, 7, 100)).failure, failure);
  });

  it("has no two targets of one name", () => {
    assert.equal(new Set(allTargets.map(({ name }) => name)).size, allTargets.length);
  });

  it("sees work that grows with the square of a text, or doubles with each character", () => {
    const repeat = (length: number) => "a".repeat(length);
    assert.throws(() => assertProportional((text) => /a*b/.test(text), repeat), /four times the text is \d+ times/);
    assert.throws(
      () => assertProportional((text) => /^(a+)+$/.test(`${text}b`), repeat),
      /four times the text is \d+ times/,
    );
    assertProportional((text) => text.split("").reverse().join(""), repeat);
  }).timeout(60_000);
});
