import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadScript } from "./load";

describe("running a layer of tests", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-run-mocha-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function run(text: string, more: object = {}) {
    const file = join(folder, "some.test.js");
    writeFileSync(file, text);
    const { runMocha } = await loadScript("lib/tests/runMocha.mjs");
    const limits = { testLimitSeconds: 5, limitSeconds: 8, lingerSeconds: 0.1 };
    return runMocha([file], { environment: process.env, stdio: "ignore", ...limits, ...more });
  }

  it("counts what passed and what failed, and names what failed", async () => {
    const result = await run(`
      it("passes", () => {});
      it("passes too", () => {});
      describe("one", () => it("fails", () => { throw new Error("on purpose\\nand more of it"); }));
    `);
    const failures = ["one fails: on purpose"];
    assert.deepEqual(result, { passed: 2, failed: 1, failures, problems: [], interrupted: false });
  });

  it("calls a skipped test a problem", async () => {
    const result = await run(`
      it("passes", () => {});
      it.skip("is left out", () => {});
      it("leaves itself out", function () { this.skip(); });
    `);
    assert.equal(result.passed, 1);
    assert.match(result.problems.join(), /^2 skipped/);
  });

  it("calls a crash a problem and keeps the counts until then", async () => {
    const result = await run(`
      it("passes", () => {});
      it("ends the process", () => process.exit(0));
    `);
    assert.equal(result.passed, 1);
    assert.match(result.problems.join(), /^the tests crashed/);
  });

  it("calls a file that cannot be loaded a problem", async () => {
    const result = await run(`require("./not-there");`);
    assert.equal(result.passed, 0);
    assert.match(result.problems.join(), /^the tests crashed/);
  });

  it("ends a process that stays after its last test", async () => {
    const result = await run(`it("leaves something open", () => { setInterval(() => {}, 1000); });`);
    assert.equal(result.passed, 1);
    assert.match(result.problems.join(), /something was not closed/);
  });

  it("ends tests that go on for ever", async () => {
    const result = await run(`it("waits", () => new Promise(() => { setInterval(() => {}, 1000); }));`, {
      limitSeconds: 0.5,
      testLimitSeconds: 1,
    });
    assert.match(result.problems.join(), /^not done after 0.5 s/);
  });

  it("runs the clean-up of tests that are interrupted, and no further test", async () => {
    const cleaned = join(folder, "cleaned");
    const result = await run(`
      const { writeFileSync } = require("node:fs");
      after(() => writeFileSync(${JSON.stringify(cleaned)}, ""));
      it("is interrupted", (done) => { process.kill(process.pid, "SIGINT"); setTimeout(done, 50); });
      it("never starts", () => {});
    `);
    assert.equal(result.interrupted, true);
    assert.deepEqual(result.problems, ["interrupted"]);
    assert.equal(result.passed, 1);
    assert.ok(existsSync(cleaned));
  });
});
