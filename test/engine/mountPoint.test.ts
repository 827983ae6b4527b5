import { strict as assert } from "node:assert";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callLibrary } from "../support/store/hostLibrary";

describe("a mount point that a store no longer needs", () => {
  let top: string;
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "hostmem-mount-point-"));
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  it("goes with the directories that were made for it, up to the first that holds something else", () => {
    mkdirSync(join(top, "a/b/c"), { recursive: true });
    assert.ok(callLibrary("remove_mount_point", join(top, "a/b/c"), join(top, "a")).ok);
    assert.equal(existsSync(join(top, "a")), false);
    assert.ok(existsSync(top), "not ours");

    mkdirSync(join(top, "a/b/c"), { recursive: true });
    writeFileSync(join(top, "a/theirs"), "");
    assert.ok(callLibrary("remove_mount_point", join(top, "a/b/c"), join(top, "a")).ok);
    assert.equal(existsSync(join(top, "a/b")), false);
    assert.ok(existsSync(join(top, "a/theirs")));
  });

  it("stays where it is not below what was made, and nothing waits for ever", () => {
    mkdirSync(join(top, "a/b"), { recursive: true });
    assert.ok(callLibrary("remove_mount_point", join(top, "a/b"), join(top, "other")).ok);
    assert.ok(existsSync(join(top, "a/b")));
    assert.ok(callLibrary("remove_mount_point", join(top, "none/b"), join(top, "none")).ok);
  });
});
