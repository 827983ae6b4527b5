import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeLibrary } from "../../provider/core/host/storeLibrary";
import { usualPath } from "../support/store/hostLibrary";
import { LoopDisk, onDisk } from "../support/store/loopDisk";

/**
 * No machine here has SELinux: what can be shown is which of its commands a host would run, at what moment, and what
 * becomes of it when one fails. What an enforcing policy makes of the label has not been tried.
 */
describe("a store on a host with SELinux", () => {
  let top: string;
  let mountPoint: string;
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "hostmem-selinux-"));
    mountPoint = join(top, "store");
    for (const folder of ["store", "bin"]) mkdirSync(join(top, folder));
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  /** Mounts by an fstab of its own, seen by nobody else; `restorecon` notes what it is asked, and what it finds there. */
  function mountStore(fstab: string, uuid: string, device: string, restorecon?: string) {
    writeFileSync(join(top, "fstab"), `${fstab}\n`);
    if (restorecon !== undefined) {
      const note = `echo "$* $(stat -f -c %T -- "$2") $(stat -c '%a %u:%g' -- "$2")" >>${top}/restored`;
      writeFileSync(join(top, "bin", "restorecon"), `#!/bin/sh\n${note}\n${restorecon}\n`, { mode: 0o755 });
    }
    const script = `mount --bind ${top}/fstab /etc/fstab || exit 99
      event() { echo "EVENT $*"; }
      ${storeLibrary}
      mount_store ${mountPoint} "${uuid}" "${device}" || echo FAILED
      if mountpoint -q ${mountPoint}; then echo MOUNTED; fi`;
    const done = spawnSync("unshare", ["--mount", "--propagation", "private", "sh", "-s"], {
      input: script,
      encoding: "utf8",
      timeout: 60_000,
      env: { PATH: `${join(top, "bin")}:${usualPath}`, LC_ALL: "C" },
    });
    assert.equal(done.status, 0, done.stderr);
    return { failed: done.stdout.includes("FAILED"), mounted: done.stdout.includes("MOUNTED") };
  }
  const restored = () => readFileSync(join(top, "restored"), "utf8").trim().split("\n");
  const tmpfs = () => `tmpfs ${mountPoint} tmpfs size=16M 0 0`;

  it("gets the policy's label for its place once it has its owner and mode, and is at its place only then", () => {
    const disk = LoopDisk.make(64);
    try {
      onDisk("mkfs.ext4 -q -U 11111111-2222-5333-8444-555555555555 $1", disk.device);
      const uuid = "11111111-2222-5333-8444-555555555555";
      const fstab = `${disk.device} ${mountPoint} ext4 nofail 0 0`;
      onDisk(`chown 64055:64055 ${mountPoint}; chmod 751 ${mountPoint}`, disk.device);
      assert.deepEqual(mountStore(fstab, uuid, disk.device, "exit 1"), { failed: true, mounted: false });
      assert.deepEqual(mountStore(fstab, uuid, disk.device, "exit 0"), { failed: false, mounted: true });
      assert.deepEqual(restored(), Array(2).fill(`-- ${mountPoint} ext2/ext3 751 64055:64055`));
    } finally {
      disk.remove();
    }
  });

  it("gets it in memory as well", () => {
    assert.deepEqual(mountStore(tmpfs(), "", "", "exit 0"), { failed: false, mounted: true });
    assert.deepEqual(restored(), [`-- ${mountPoint} tmpfs 755 0:0`]);
  });

  it("needs none of its commands where there is none", () => {
    assert.equal(spawnSync("which", ["restorecon"]).status, 1, "this machine has SELinux");
    assert.deepEqual(mountStore(tmpfs(), "", ""), { failed: false, mounted: true });
  });
});
