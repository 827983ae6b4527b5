import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { factsScript } from "../../provider/core/facts/hostFacts";
import { activationLibrary, applyLibrary, launchScript } from "../../provider/core/host/library";
import { bootScript, pageLibrary } from "../../provider/core/host/pageLibrary";
import { pmemLibrary } from "../../provider/core/host/pmemLibrary";
import { storeLibrary } from "../../provider/core/host/storeLibrary";
import { traitLibrary } from "../../provider/core/host/traitLibrary";
import { debianTool } from "../support/debianTool";

describe("the shell text that runs on hosts", () => {
  const beside = storeLibrary + pageLibrary + traitLibrary + pmemLibrary;
  const library = `nonce=n home=/h\n${applyLibrary}${activationLibrary}${beside}`;

  it("defines no function twice, the second of which would be called for the first", () => {
    for (const text of [library, factsScript().script]) {
      const names = [...text.matchAll(/^(\w+)\(\) *\{/gm)].map(([, name]) => name!);
      assert.ok(names.length > 10);
      assert.deepEqual(
        names.filter((name, index) => names.indexOf(name) !== index),
        [],
      );
    }
  });

  it("has nothing that shellcheck warns of", () => {
    const shellcheck = debianTool("shellcheck", "shellcheck");
    const texts = {
      library,
      boot: bootScript,
      launch: launchScript({ id: "0011", nonce: "n" }, "true", 60),
      facts: factsScript().script,
    };
    for (const [name, text] of Object.entries(texts)) {
      const done = spawnSync(shellcheck, ["--shell=sh", "--severity=warning", "--format=gcc", "-"], {
        input: text,
        encoding: "utf8",
      });
      assert.equal(done.stdout + done.stderr, "", name);
    }
  });
});
