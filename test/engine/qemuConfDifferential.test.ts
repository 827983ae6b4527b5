import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { qemuSetting } from "../../provider/core/files/qemuConf";
import { augeasTargets } from "../support/augeas/targets";
import { fuzzTests, seed } from "../support/fuzz/tests";
import { names, texts } from "../support/virconf/generate";
import { VirconfOracle } from "../support/virconf/oracle";
import { compare, virconfTargets } from "../support/virconf/targets";

fuzzTests([...virconfTargets, ...augeasTargets]);

describe("the comparison with libvirt's own parser", function () {
  this.timeout(0);
  let libvirt: VirconfOracle;
  before(async () => {
    libvirt = await VirconfOracle.start();
  });
  after(() => libvirt?.stop());

  it("catches a reader that takes the last assignment instead of the first", async () => {
    const last: typeof qemuSetting = (file, name) => file.settings.findLast((setting) => setting.name === name);
    const property = fc.asyncProperty(texts, async (text) => compare(text, await libvirt.ask(text, names), last));
    const details = await fc.check(property, { seed, numRuns: 1_000, endOnFailure: true });
    assert.equal(details.failed, true, "the planted error was not found");
  });
});
