import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backingStore } from "../../provider/core/kinds/backingStore";
import { planLines } from "../../provider/core/plan/step";
import { installOnMachine } from "../support/machinePackages";
import { DescribedHost } from "../support/plans/describedHost";
import { isFullRun, keepSome, sampled } from "../support/sampled";
import { contentTools } from "../support/store/contents";
import { callLibrary, callLibraryOn, readDevice, usualPath } from "../support/store/hostLibrary";
import { LoopDisk, onDisk } from "../support/store/loopDisk";
import { assertRefused, mountPoint, preview, sizeMib, storeArgs, uuid } from "./support/storeOnDisk";

describe("a disk of this machine", function () {
  this.timeout(120_000);
  let disk: LoopDisk;
  before(() => installOnMachine(contentTools));
  beforeEach(() => {
    disk = LoopDisk.make(sizeMib);
  });
  afterEach(() => disk.remove());

  it("that is blank is formatted without a consent, as xfs and as ext4", () => {
    for (const fileSystem of ["xfs", "ext4"]) {
      const before = disk.hash();
      const { said, steps } = preview(disk.device, { fileSystem });
      assert.deepEqual(said, []);
      const calls = steps.flatMap((step) => (step.kind === "call" ? [step.call] : []));
      assert.ok(calls.indexOf("make_mount_point") < calls.indexOf("make_file_system"), calls.join(" "));
      assert.equal(disk.hash(), before);
      assert.equal(callLibrary("make_file_system", fileSystem, disk.device, uuid, "").ok, true);
      const found = onDisk("blkid -p -o value -s TYPE -s UUID $1", disk.device).split("\n");
      assert.deepEqual(found.filter(Boolean).sort(), [uuid, fileSystem].sort());
      if (fileSystem === "xfs") assert.match(onDisk("xfs_info $1", disk.device), /rmapbt=0[\s\S]*reflink=0/);
      onDisk("blkdiscard -f $1", disk.device);
    }
  });

  it("that is read-only is refused", () => {
    disk.remove();
    disk = LoopDisk.make(sizeMib, ["--read-only"]);
    assert.deepEqual(preview(disk.device).said, [
      `device: ${disk.device} is read-only; declare another device, or see in the kernel's log why it is`,
    ]);
    const before = disk.hash();
    const check = callLibrary("make_file_system", "xfs", disk.device, uuid, "");
    assert.equal(check.ok, false);
    assert.match(check.failed, / is read-only$/);
    assert.equal(disk.hash(), before);
  });

  it("that the machine runs from is refused, consent or not", () => {
    const root = onDisk("findmnt -nro SOURCE --target / | sed 's/\\[.*//'", "").trim();
    // A machine may run from an image in memory or over the network.
    const device = root.startsWith("/dev/")
      ? root
      : onDisk("findmnt -nro SOURCE -t ext4,xfs,btrfs | head -n 1", "").trim();
    assert.match(device, /^\/dev\//, "no file system of this machine is on a disk");
    const disk = onDisk("lsblk -snrpo NAME -- $1 | tail -n 1", device).trim();
    for (const each of new Set([device, disk])) {
      const signature = readDevice(each).device.content ?? "";
      const consent = signature === "" ? {} : { consentToWipe: signature };
      assert.match(preview(each, consent).said.join(), /^device: \S+ is in use: it is mounted at \//);
      const check = callLibrary("device_is", each, signature, uuid);
      assert.equal(check.ok, false);
      assert.match(check.failed, / is mounted$/);
    }
  });

  it("whose beginning or end cannot be read is refused, though blkid and wipefs find nothing on it", () => {
    onDisk("mkfs.ext4 -q $1", disk.device);
    const folder = mkdtempSync(join(tmpdir(), "hostmem-bad-sectors-"));
    try {
      const fault = `strace -o /dev/null -P ${disk.device} -e inject=read,pread64:error=EIO`;
      for (const tool of ["blkid", "wipefs", "dd"]) {
        const real = onDisk(`command -v ${tool}`, "").trim();
        writeFileSync(join(folder, tool), `#!/bin/sh\nexec ${fault} ${real} "$@"\n`, { mode: 0o755 });
      }
      const path = `${folder}:${usualPath}`;
      const { device } = readDevice(disk.device, path);
      assert.deepEqual([device.signature, device.content], [{}, undefined]);
      assert.match(
        preview(disk.device, {}, path).said.join(),
        /^device: nobody can say what is on \S+: some of it cannot be read/,
      );
      const before = disk.hash();
      assert.match(
        callLibraryOn(path, "make_file_system", "xfs", disk.device, uuid, "").failed,
        /some of it cannot be read$/,
      );
      assert.equal(disk.hash(), before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const tool of ["blkid", "wipefs"]) {
    it(`that ${tool} says nothing of, since it does not run, is refused`, () => {
      onDisk("mkfs.ext4 -q $1", disk.device);
      const folder = mkdtempSync(join(tmpdir(), "hostmem-no-tool-"));
      try {
        writeFileSync(join(folder, tool), "#!/bin/sh\nexit 127\n", { mode: 0o755 });
        const path = `${folder}:${usualPath}`;
        const said = `nobody can say what is on ${disk.device}: ${tool} failed with exit code 127`;
        assert.deepEqual(preview(disk.device, {}, path).said, [
          `device: ${said}. It is left alone; try blkid -p on it, and look at the kernel's log`,
        ]);
        const before = disk.hash();
        assert.equal(callLibraryOn(path, "make_file_system", "xfs", disk.device, uuid, "").failed, said);
        assert.equal(disk.hash(), before);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("is not made the second one of a name that another disk's file system has", () => {
    const other = LoopDisk.make(sizeMib);
    try {
      onDisk(`mkfs.ext4 -q -U ${uuid} $1; udevadm settle 2>/dev/null || :; blkid -p $1 > /dev/null`, other.device);
      const before = disk.hash();
      const made = callLibrary("make_file_system", "ext4", disk.device, uuid, "");
      assert.match(made.failed, /holds the file system that was made by the name of/);
      assert.equal(disk.hash(), before);
    } finally {
      other.remove();
    }
  });

  it("that is too small is refused", () => {
    disk.remove();
    disk = LoopDisk.make(319);
    assert.deepEqual(preview(disk.device).said, [
      `device: ${disk.device} has 319 MiB; a store needs 320 MiB. Declare a larger device`,
    ]);
  });

  it("that does not exist, or is no block device, is refused", () => {
    const file = join(tmpdir(), `hostmem-no-disk-${process.pid}`);
    for (const path of [file, "/dev/null"]) {
      if (path === file) writeFileSync(file, "content");
      const declared = path === file ? { device: `/dev/../${file}` } : {};
      assert.equal(readDevice(path).device.realPath, undefined, JSON.stringify(declared));
      assert.match(callLibrary("device_is", path, "", uuid).failed, /is gone$/);
    }
    rmSync(file);
    assert.deepEqual(preview("/dev/hostmem-none").said, [
      "device: /dev/hostmem-none does not exist on the host, or is no block device; compare with ls -l /dev/disk/by-id there",
    ]);
  });

  it("whose mkfs was cut anywhere is made anew by the next run, with nobody's consent", () => {
    const args = storeArgs({ device: disk.device, allowUnstableDeviceName: true });
    const ours = backingStore.evaluate(
      args,
      {
        ...new DescribedHost({ directories: { [mountPoint]: "empty" }, fileSystems: {} }).facts(
          backingStore.probes?.(args),
        ),
        devices: new Map([[disk.device, readDevice(disk.device).device]]),
      },
      { recorded: undefined, planned: [] },
    ).computed["uuid"] as string;
    const seen = new Set<string>();
    for (const [fileSystem, all] of [
      ["xfs", [1, 3, 4, 10, 40, 60]],
      ["ext4", [1, 100, 300]],
    ] as const) {
      const writes = sampled(`writes of mkfs.${fileSystem}`, all, 2);
      const make = { xfs: `mkfs.xfs -q -m uuid=${ours},reflink=0`, ext4: `mkfs.ext4 -q -m 0 -i 1048576 -U ${ours}` };
      for (const at of writes) {
        onDisk("blkdiscard -f $1", disk.device);
        const trace = `strace -f -o /dev/null -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=${at}`;
        onDisk(`${trace} ${make[fileSystem]} $1 || :`, disk.device);
        const { device } = readDevice(disk.device);
        seen.add(
          `${fileSystem} ${device.signature["UUID"] === undefined ? "blank" : device.isUnfinished ? "begun" : "whole"}`,
        );
        const { said, steps } = preview(disk.device, { fileSystem }, undefined, device.identity ?? "");
        assert.deepEqual(said, []);
        const step = steps.find((each) => each.kind === "call" && each.call === "make_file_system");
        if (device.signature["UUID"] === undefined || device.isUnfinished) {
          assert.ok(step?.kind === "call");
          const made = callLibrary("make_file_system", ...step.args.map(String));
          assert.equal(made.ok, true, made.output);
        }
        assert.equal(readDevice(disk.device).device.isUnfinished, false);
        onDisk("m=$(mktemp -d); mount $1 $m && umount $m && rmdir $m", disk.device);
      }
    }
    const must = isFullRun ? ["xfs begun", "xfs blank", "ext4 blank"] : [];
    assert.deepEqual(
      must.filter((state) => !seen.has(state)),
      [],
    );
  });

  it("that has the name of one whose mkfs was cut is refused with whatever is on it, unless it is that very disk", () => {
    const other = LoopDisk.make(sizeMib);
    try {
      const cut = readDevice(other.device).device.identity;
      assert.match(cut ?? "", /^[0-9a-f]{16}$/);
      assert.notEqual(readDevice(disk.device).device.identity, cut);
      onDisk("head -c 65536 /dev/urandom | dd of=$1 bs=4096 seek=3 conv=notrunc status=none", disk.device);
      const content = readDevice(disk.device).device.content ?? "";
      const refusal = `device: ${disk.device} is not blank: it holds ${content}. To lose it, say consentToWipe: "${content}"`;
      assert.deepEqual(preview(disk.device, {}, undefined, cut).said, [refusal]);
      assert.deepEqual(preview(disk.device, {}, undefined, "").said, [refusal]);
      const { said, steps } = preview(disk.device, {}, undefined, readDevice(disk.device).device.identity);
      assert.deepEqual(said, []);
      const lines = planLines({ steps, warnings: [] });
      assert.match(lines[0]!, new RegExp(`; what a cut run began on it is lost: ${content}$`));
      other.grow(sizeMib + 1);
      assert.notEqual(readDevice(other.device).device.identity, cut);
    } finally {
      other.remove();
    }
  });

  it("whose unfinished file system is somebody else's is refused", () => {
    onDisk(
      "strace -f -o /dev/null -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=30 mkfs.xfs -q $1 || :",
      disk.device,
    );
    assert.equal(readDevice(disk.device).device.isUnfinished, true);
    assertRefused(disk, 'DISK is not blank: it holds xfs UUID=…. To lose it, say consentToWipe: "xfs UUID=…"');
  });

  keepSome(this, "disks of this machine", 6);
});
