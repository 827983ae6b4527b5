import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

  it("are apart from those that share a host, or the pages of the machine", async () => {
    const { labLanes } = await loadScript("lib/tests/lanes.mjs");
    const alone = file("a.test.js", "");
    const nova = ["b", "c", "d"].map((name) => file(name, 'const host = require("./support/cleanHost");'));
    const pages = file("f.test.js", 'require("./support/cleanHost"); require("../support/lab/pages");');
    const machine = file("e.test.js", 'const machine = require("./support/cleanMachine");');
    const files = [alone, ...nova, machine, pages];
    const others = [
      { name: "pages", files: [pages] },
      { name: "machine", files: [machine] },
      { name: "a", files: [alone] },
    ];
    assert.deepEqual(labLanes(files, 1), [{ name: "nova", files: nova }, ...others]);
    const [first, second, third] = nova;
    assert.deepEqual(labLanes(files, 2), [
      { name: "nova 1", files: [first, third] },
      { name: "nova 2", files: [second] },
      ...others,
    ]);
    assert.deepEqual(labLanes([alone], 2), [{ name: "a", files: [alone] }]);
  });

  it("are no more at once than asked for", async () => {
    const { eachAlone, runLanes } = await loadScript("lib/tests/lanes.mjs");
    const note = (text: string) =>
      `require("node:fs").appendFileSync(${JSON.stringify(join(folder, "times"))}, ${text});`;
    const test = (name: string) =>
      file(
        `${name}.test.js`,
        `before(() => { ${note('"+"')} }); it("runs", (done) => setTimeout(done, 300)); after(() => { ${note('"-"')} });`,
      );
    const limits = { testLimitSeconds: 20, limitSeconds: 60, lingerSeconds: 5, show: () => {} };
    const run = (atOnce: number) =>
      runLanes(eachAlone(["one", "two", "three"].map(test)), { environment: process.env, ...limits, atOnce });
    assert.equal((await run(1)).passed, 3);
    assert.equal(readFileSync(join(folder, "times"), "utf8"), "+-+-+-");
  });

  it("run in the surrounding that they are given", async () => {
    const { eachAlone, runLanes } = await loadScript("lib/tests/lanes.mjs");
    const one = file(
      "surrounding.test.js",
      'it("has it", () => { if (process.env.HERE !== "yes") throw new Error(); });',
    );
    const limits = { testLimitSeconds: 20, limitSeconds: 60, lingerSeconds: 5, stdio: "ignore" };
    const run = (inside: string[]) => runLanes(eachAlone([one]), { environment: process.env, ...limits, inside });
    assert.deepEqual([(await run(["env", "HERE=yes"])).passed, (await run([])).failed], [1, 1]);
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
