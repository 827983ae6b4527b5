import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "..", "..", "..", "..");

describe("setting up a clone", function () {
  this.timeout(120_000);

  it("compiles nothing where no source has changed", () => {
    const setUp = () => execFileSync(process.execPath, [join(repository, "scripts", "setup.mjs")], { stdio: "pipe" });
    const compiledAt = () => statSync(join(repository, "build", ".sources")).mtimeMs;
    setUp();
    const first = compiledAt();
    setUp();
    assert.equal(compiledAt(), first);
  });
});
