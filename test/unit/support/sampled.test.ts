import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadScript } from "../scripts/load";

describe("a sample of a suite's tests", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-sampled-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a suite of ten of which two always run, and gives those that did and what the run says of them. */
  async function run(environment: Record<string, string>): Promise<{ ran: string[]; notes: object[] }> {
    const [file, ran, notes] = ["ten.test.js", "ran", "notes"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const each of [ran, notes]) writeFileSync(each, "");
    writeFileSync(
      file,
      `const { keepSome } = require(${JSON.stringify(join(__dirname, "..", "..", "support", "sampled.js"))});
      describe("ten", function () {
        for (const name of "abcdefghij") {
          it(name, () => require("node:fs").appendFileSync(${JSON.stringify(ran)}, name));
        }
        keepSome(this, "letters", 3, this.tests.slice(1, -1));
      });`,
    );
    const { runMocha } = await loadScript("lib/tests/runMocha.mjs");
    const { HOSTMEM_TEST_FULL: _, ...own } = process.env;
    const result = await runMocha([file], {
      environment: { ...own, ...environment, HOSTMEM_TRIALS: notes },
      stdio: "ignore",
      ...{ testLimitSeconds: 20, limitSeconds: 60, lingerSeconds: 5 },
    });
    assert.deepEqual([result.failed, result.problems], [0, []]);
    const lines = readFileSync(notes, "utf8").split("\n").filter(Boolean);
    return { ran: [...readFileSync(ran, "utf8")], notes: lines.map((line) => JSON.parse(line) as object) };
  }

  it("is drawn by the seed, in the order of the suite, beside those that always run", async () => {
    const { ran, notes } = await run({ HOSTMEM_SEED: "1" });
    assert.equal(ran.length, 5);
    assert.deepEqual([ran[0], ran.at(-1), ran.join("")], ["a", "j", [...ran].sort().join("")]);
    assert.deepEqual(notes, [{ sample: "letters", drawn: 3, of: 8 }]);
    assert.deepEqual((await run({ HOSTMEM_SEED: "1" })).ran, ran);
    assert.notDeepEqual((await run({ HOSTMEM_SEED: "2" })).ran, ran);
  });

  it("is all of them in a full run", async () => {
    const { ran, notes } = await run({ HOSTMEM_SEED: "1", HOSTMEM_TEST_FULL: "1" });
    assert.deepEqual([ran.join(""), notes], ["abcdefghij", []]);
  });
});
