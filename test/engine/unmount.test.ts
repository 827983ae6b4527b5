import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeUuid } from "../../provider/core/kinds/storeState";
import { callLibrary } from "../support/store/hostLibrary";
import { LoopDisk, onDisk } from "../support/store/loopDisk";

const uuid = storeUuid("the tests", randomUUID());

describe("the mount point of a store that is removed", function () {
  this.timeout(120_000);
  let disk: LoopDisk;
  let other: LoopDisk;
  let path: string;
  beforeEach(() => {
    [disk, other] = [LoopDisk.make(64), LoopDisk.make(64)];
    path = mkdtempSync(join(tmpdir(), "hostmem-unmount-"));
    onDisk(`mkfs.ext4 -q -U ${uuid} $1`, disk.device);
  });
  afterEach(() => {
    onDisk(`while mountpoint -q ${path}; do umount ${path}; done`, "");
    disk.remove();
    other.remove();
    rmdirSync(path);
  });

  /** Calls it, and tells what is mounted there afterwards. */
  function unmounted(uuidOrEmpty: string, device: string): { said: string; mounted: string } {
    const { ok, output } = callLibrary("unmount_store", path, uuidOrEmpty, device);
    assert.equal(ok, true, output);
    return {
      said: output.replaceAll(path, "PATH").trim(),
      mounted: onDisk(`findmnt -nro SOURCE -M ${path} || :`, "").trim(),
    };
  }

  const left = "EVENT did leaves what is mounted at PATH: it is not the store";
  const gone = { said: "EVENT did unmounted PATH", mounted: "" };

  it("is free again, also where the disk has another name by now, or none", () => {
    for (const device of [disk.device, other.device, "/dev/hostmem-none"]) {
      onDisk(`mount $1 ${path}`, disk.device);
      assert.deepEqual(unmounted(uuid, device), gone, device);
    }
  });

  it("keeps the file system of another disk that somebody mounted there", () => {
    onDisk(`mkfs.ext4 -q $1; mount $1 ${path}`, other.device);
    for (const device of [disk.device, other.device, "/dev/hostmem-none"]) {
      assert.deepEqual(unmounted(uuid, device), { said: left, mounted: other.device }, device);
    }
  });

  it("keeps what somebody mounted over the store", () => {
    onDisk(`mount $1 ${path}; mount -t tmpfs tmpfs ${path}`, disk.device);
    assert.deepEqual(unmounted(uuid, disk.device), { said: left, mounted: `${disk.device}\ntmpfs` });
  });

  it("keeps another file system on the disk of the store", () => {
    onDisk(`mkfs.ext4 -q -F $1; mount $1 ${path}`, disk.device);
    assert.deepEqual(unmounted(uuid, disk.device), { said: left, mounted: disk.device });
  });

  it("is free again of a tmpfs where the store was one, and of nothing else", () => {
    onDisk(`mount -t tmpfs tmpfs ${path}`, "");
    assert.deepEqual(unmounted("", ""), gone);
    onDisk(`mount $1 ${path}`, disk.device);
    assert.deepEqual(unmounted("", ""), { said: left, mounted: disk.device });
  });
});
