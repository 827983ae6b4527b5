import assert from "node:assert/strict";
import * as fc from "fast-check";
import { effective } from "../../provider/core/files/osloConfig";
import { fuzzTests, seed } from "../support/fuzz/tests";
import { compare } from "../support/oslo/compare";
import { osloVersions } from "../support/oslo/environment";
import { host } from "../support/oslo/generate";
import { OsloOracle } from "../support/oslo/oracle";
import { osloTargets } from "../support/oslo/targets";

fuzzTests(osloTargets);

describe("the comparison with oslo.config", function () {
  this.timeout(0);
  let oslo: OsloOracle;
  before(async () => {
    oslo = await OsloOracle.start(osloVersions[0]);
  });
  after(() => oslo?.stop());

  it("catches a reader that takes the first assignment of a file instead of the last", async () => {
    const first: typeof effective = (files, section, option, surroundings) => {
      const onlyFirst = files.map((file) => {
        const seen = new Set<string>();
        const pieces = file.pieces.filter((piece) => {
          if (piece.kind !== "assignment") return true;
          const name = `${piece.section}.${piece.option}`;
          return !seen.has(name) && Boolean(seen.add(name));
        });
        return { ...file, pieces };
      });
      return effective(onlyFirst, section, option, surroundings);
    };
    const property = fc.asyncProperty(host, async (request) => compare(request, await oslo.ask(request), first));
    const details = await fc.check(property, { seed, numRuns: 300, endOnFailure: true });
    assert.equal(details.failed, true, "the planted error was not found");
  });
});
