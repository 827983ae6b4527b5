import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadScript } from "./load";

describe("the pulumi on PATH", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-on-path-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(name: string, text: string): string {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  async function found(path = folder) {
    const { findOnPath } = await loadScript("lib/toolchain/onPath.mjs");
    return findOnPath({ PATH: path });
  }

  it("is used when it is the tested version", async () => {
    program("pulumi", "echo v3.255.0");
    program("pulumi-language-nodejs", "");
    assert.deepEqual(await found(), { folder, version: "v3.255.0" });
  });

  it("is used when only linked there, with its language host beside the real file", async () => {
    const cli = program("pulumi", "echo v3.270.1");
    program("pulumi-language-nodejs", "");
    const links = mkdtempSync(join(tmpdir(), "hostmem-links-"));
    try {
      symlinkSync(cli, join(links, "pulumi"));
      assert.deepEqual(await found(links), { folder: links, version: "v3.270.1" });
    } finally {
      rmSync(links, { recursive: true });
    }
  });

  it("is left alone when it has no Node language host", async () => {
    program("pulumi", "echo v3.255.0");
    assert.equal(await found(), undefined);
  });

  it("is left alone when it does not run", async () => {
    program("pulumi", "exit 1");
    program("pulumi-language-nodejs", "");
    assert.equal(await found(), undefined);
  });

  const versions: [string, boolean][] = [
    ["v3.255.0", true],
    ["3.255.0", true],
    ["v3.300.2", true],
    ["v3.256.0-alpha.1", true],
    ["v3.254.9", false],
    ["v2.999.0", false],
    ["v4.0.0", false],
    ["", false],
    ["unknown", false],
  ];
  for (const [version, usable] of versions) {
    it(`is ${usable ? "used" : "left alone"} when it says "${version}"`, async () => {
      const { isUsable } = await loadScript("lib/toolchain/version.mjs");
      assert.equal(isUsable(version), usable);
    });
  }
});
