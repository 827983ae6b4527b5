import assert from "node:assert/strict";
import { loadScript } from "./load";

describe("the total over all layers", () => {
  const unit = {
    name: "unit",
    passed: 12,
    failed: 0,
    failures: [] as string[],
    problems: [] as string[],
    seconds: 1.25,
  };

  async function tally(...results: object[]) {
    const { tally } = await loadScript("lib/tests/tally.mjs");
    return tally(results);
  }

  it("stands alone on the last line", async () => {
    const { lines, good } = await tally(unit, { ...unit, name: "engine", passed: 3 });
    assert.equal(lines.at(-1), "15 passed, 0 failed");
    assert.equal(good, true);
  });

  it("counts each problem as a failure and says it below its layer, with what failed", async () => {
    const lab = { name: "lab", passed: 0, failed: 2, failures: ["a: no", "b: no"], problems: ["it crashed"] };
    const { lines, good } = await tally(unit, { ...unit, ...lab });
    assert.ok(lines.includes("lab   0 passed, 3 failed in 1.3 s\n  a: no\n  b: no\n  it crashed"), lines.join("\n"));
    assert.equal(lines.at(-1), "12 passed, 3 failed");
    assert.equal(good, false);
  });

  it("is not good when nothing ran at all", async () => {
    const { good } = await tally({ ...unit, passed: 0 });
    assert.equal(good, false);
  });
});
