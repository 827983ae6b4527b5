import { strict as assert } from "node:assert";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostError } from "../../../provider/core/errors";
import { folderSalt, privateFolder, sweep } from "../../../provider/core/transport/privateFolder";

describe("the private folder", () => {
  const before = process.env["XDG_RUNTIME_DIR"];
  let runtime: string;

  beforeEach(() => {
    runtime = mkdtempSync("/tmp/hf-");
    process.env["XDG_RUNTIME_DIR"] = runtime;
  });

  afterEach(() => {
    if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
    else process.env["XDG_RUNTIME_DIR"] = before;
    rmSync(runtime, { recursive: true });
  });

  it("is made for us alone, once", () => {
    const folder = privateFolder("compute-1");
    assert.equal(folder, join(runtime, "pulumi-hostmem"));
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(privateFolder("compute-1"), folder);
  });

  it("is refused when others can enter it", () => {
    mkdirSync(join(runtime, "pulumi-hostmem"), { mode: 0o700 });
    chmodSync(join(runtime, "pulumi-hostmem"), 0o750);
    assert.throws(() => privateFolder("compute-1"), HostError);
  });

  it("is refused when it is a link to somewhere else", () => {
    mkdirSync(join(runtime, "elsewhere"), { mode: 0o700 });
    symlinkSync(join(runtime, "elsewhere"), join(runtime, "pulumi-hostmem"));
    assert.throws(() => privateFolder("compute-1"), HostError);
  });

  it("is in the folder for temporary files when there is no runtime folder, or one whose path is too long for a socket", () => {
    const usual = join(tmpdir(), `pulumi-hostmem-${process.getuid?.()}`);
    process.env["XDG_RUNTIME_DIR"] = join(runtime, "missing");
    assert.equal(privateFolder("compute-1"), usual);
    const long = join(runtime, "x".repeat(80));
    mkdirSync(long);
    process.env["XDG_RUNTIME_DIR"] = long;
    assert.equal(privateFolder("compute-1"), usual);
    assert.ok(usual.length + 26 < 90);
  });

  it("holds one salt for all who come", () => {
    const folder = privateFolder("compute-1");
    const salt = folderSalt(folder);
    assert.match(salt, /^[0-9a-f]{64}$/);
    assert.equal(folderSalt(folder), salt);
    assert.deepEqual(readdirSync(folder), ["salt"]);
    assert.equal(statSync(join(folder, "salt")).mode & 0o777, 0o600);
  });

  it("loses what killed processes left a day ago, and nothing that is in use", () => {
    const folder = privateFolder("compute-1");
    const salt = folderSalt(folder);
    const left = ["a0123456789", "a0123456789.sh", "h0123456789", "k0123456789", "0123456789abcdef0123.l"];
    const other = ["0123456789abcdef0123", "unknown"];
    const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    for (const name of [...left, ...other]) {
      writeFileSync(join(folder, name), "");
      utimesSync(join(folder, name), longAgo, longAgo);
    }
    utimesSync(join(folder, "salt"), longAgo, longAgo);
    writeFileSync(join(folder, "aaaaaaaaaaa"), "");
    sweep(folder);
    assert.deepEqual(readdirSync(folder).sort(), [...other, "aaaaaaaaaaa", "salt"].sort());
    assert.equal(folderSalt(folder), salt);
  });
});
