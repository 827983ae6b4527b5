import { strict as assert } from "node:assert";
import { collectDirectories, parseDirectories } from "../../provider/core/facts/directories";
import { Sections, sectionPrelude } from "../../provider/core/facts/sections";
import { Sandbox } from "../support/sandbox/sandbox";

const nonce = "0123456789abcdef0123456789abcdef";

describe("what the facts script finds out about a directory", function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  function look(path: string, prepare = ":") {
    const script = [prepare, sectionPrelude(nonce), collectDirectories([path]), "section end\n"].join("\n");
    return parseDirectories(Sections.parse("localhost", nonce, sandbox.run(script))).get(path)!;
  }

  it("is a unit file that mounts something there, also a masked one, and not what systemd makes of fstab", () => {
    const name = "srv-guest\\x20memory.mount";
    const path = "/srv/guest memory";
    assert.equal(look(path).unitFile, undefined);
    sandbox.run(`mkdir -p /run/systemd/generator; : >'/run/systemd/generator/${name}'`);
    assert.equal(look(path).unitFile, undefined);
    sandbox.run(`mkdir -p /run/systemd/system; ln -s /dev/null '/run/systemd/system/${name}'`);
    assert.equal(look(path).unitFile, `/run/systemd/system/${name}`);
    sandbox.write(`/etc/systemd/system/${name}`, "[Mount]\n");
    assert.equal(look(path).unitFile, `/etc/systemd/system/${name}`);
  });

  it("is the first directory above it that only root can pass, behind links and where it is missing, too", () => {
    const make = "mkdir -p /srv/a/b/c/d; ln -s /srv/a/b /srv/link";
    const closed = { path: "/srv/a/b", access: "700 0:0" };
    assert.equal(look("/srv/a/b/c/d", make).closed, undefined);
    assert.deepEqual(look("/srv/a/b/c/d", "chmod 700 /srv/a/b /srv/a/b/c").closed, closed);
    assert.deepEqual(look("/srv/a/b/none/below").closed, closed);
    assert.deepEqual(look("/srv/link/none/below").closed, closed);
    assert.deepEqual(look("/srv/link/c").closed, closed);
    const itself = look("/srv/a/b");
    assert.deepEqual([itself.closed, itself.access], [undefined, "700 0:0"]);
  });

  it("is not one that QEMU's user or group owns, or that an access control list opens", () => {
    for (const opened of ["chown 64055:0 /srv/a; chmod 750 /srv/a", "chown 0:64055 /srv/a; chmod 710 /srv/a"]) {
      assert.equal(look("/srv/a/b", `mkdir -p /srv/a/b; ${opened}`).closed, undefined, opened);
    }
    assert.ok(look("/srv/a/b", "chown 0:64055 /srv/a; chmod 700 /srv/a").closed);
    // user:64055:--x beside owner, group, mask and others: the kernel's binary form of an ACL, see acl(5).
    const list = `python3 -c '
import os, struct
none = 0xFFFFFFFF
entries = [(1, 7, none), (2, 1, 64055), (4, 0, none), (0x10, 1, none), (0x20, 0, none)]
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr("/srv/a", "system.posix_acl_access", acl)'`;
    assert.ok(look("/srv/a/b", "chown 0:0 /srv/a; chmod 710 /srv/a").closed);
    assert.equal(look("/srv/a/b", list).closed, undefined);
  });

  it("is what is no directory in its place or on the way to it", () => {
    assert.equal(look("/etc").obstacle, undefined);
    assert.equal(look("/srv/none/below").obstacle, undefined);
    assert.equal(look("/etc/passwd").obstacle, "/etc/passwd");
    assert.equal(look("/etc/passwd/x/y").obstacle, "/etc/passwd");
    assert.equal(look("/srv/lost/x", "ln -s /nowhere/at/all /srv/lost").obstacle, "/srv/lost");
  });

  it("is where it would really be, and the first directory to be made for it", () => {
    const missing = look("/srv/link/x/y", "mkdir /srv/real; ln -s /srv/real /srv/link");
    assert.deepEqual([missing.realPath, missing.firstMissing, missing.exists], ["/srv/real/x/y", "/srv/link/x", false]);
    assert.equal(look("/none").realPath, "/none");
  });

  it("is found out of a path with no root, too, in a time", () => {
    assert.deepEqual([look("none").exists, look("none/below").exists], [false, false]);
  });
});
