import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadScript } from "./load";

describe("tests that run side by side", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-lanes-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  it("are apart from those that share a host", async () => {
    const { labLanes } = await loadScript("lib/tests/lanes.mjs");
    const alone = file("a.js", "");
    const sharing = file("b.js", 'const host = require("./support/cleanHost");');
    assert.deepEqual(labLanes([alone, sharing]), [
      { name: "nova", files: [sharing] },
      { name: "host", files: [alone] },
    ]);
    assert.deepEqual(labLanes([alone]), [{ name: "host", files: [alone] }]);
  });

  it("are counted together, and end although one of them left a process that holds its output", async () => {
    const { runLanes } = await loadScript("lib/tests/lanes.mjs");
    const leaves =
      'require("node:child_process").spawn("sleep", ["10"], { stdio: "inherit", detached: true }).unref();';
    const one = file("one.test.js", `it("passes", () => { ${leaves} }); it("fails", () => { throw new Error("x"); });`);
    const other = file("other.test.js", 'it.skip("is left out", () => {}); it("passes", () => {});');
    const lanes = [
      { name: "one", files: [one] },
      { name: "other", files: [other] },
    ];
    const limits = { testLimitSeconds: 5, limitSeconds: 30, lingerSeconds: 5, show: () => {} };
    const result = await runLanes(lanes, { environment: process.env, ...limits });
    const problems = ["other: 1 skipped: a test that does not run proves nothing"];
    assert.deepEqual(result, { passed: 2, failed: 1, failures: ["fails: x"], problems, interrupted: false });
  });
});
