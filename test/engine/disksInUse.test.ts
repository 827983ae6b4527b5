import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installOnMachine } from "../support/machinePackages";
import { keepSome } from "../support/sampled";
import { contentTools } from "../support/store/contents";
import { callLibrary, callLibraryIn, readDevice, usualPath } from "../support/store/hostLibrary";
import { LoopDisk, onDisk } from "../support/store/loopDisk";
import { assertRefused, assertSaid, preview, sizeMib, tidy, uuid } from "./support/storeOnDisk";

const leftAlone = "It is left alone; declare another device, or end that use first";

describe("a disk of this machine that is in use is refused, consent or not:", function () {
  this.timeout(120_000);
  let disk: LoopDisk;
  let children: ChildProcess[] = [];
  before(() => installOnMachine(contentTools));
  beforeEach(() => {
    disk = LoopDisk.make(sizeMib);
  });
  afterEach(async () => {
    for (const child of children) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    children = [];
    disk.remove();
  });

  /** A program that has the device until the end of the test; it says when it does. */
  async function start(program: string, ...args: string[]): Promise<void> {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
  }

  // Mounted read-only below: to one that it may write to, the kernel itself writes some seconds later.
  const makeExt4 = () => {
    onDisk("mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 $1", disk.device);
    return readDevice(disk.device).device.content ?? "";
  };

  it("mounted, at a place with a blank in its name", () => {
    const consentToWipe = makeExt4();
    const folder = mkdtempSync(join(tmpdir(), "hostmem mount "));
    onDisk(`mount -o ro $1 '${folder}'`, disk.device);
    assertRefused(disk, `DISK is in use: it is mounted at ${folder}. ${leftAlone}`, { consentToWipe }, consentToWipe);
    onDisk(`umount '${folder}'`, disk.device);
    rmSync(folder, { recursive: true });
  });

  it("mounted where only another mount namespace shows it, as in a container", async () => {
    const consentToWipe = makeExt4();
    await start("unshare", "--mount", "sh", "-c", `mount -o ro ${disk.device} /mnt && echo mounted && cat`);
    const said = `DISK is in use: it cannot be opened exclusively (Device or resource busy). ${leftAlone}`;
    assertRefused(disk, said, { consentToWipe }, consentToWipe);
  });

  it("as swap", () => {
    onDisk("mkswap -q $1 && swapon $1", disk.device);
    const consentToWipe = readDevice(disk.device).device.content ?? "";
    // The kernel may write anything but the header of a disk that it swaps to.
    const header = () => onDisk("blockdev --flushbufs $1; head -c 4096 $1 | sha256sum", disk.device);
    const before = header();
    assertSaid(disk, `DISK is in use: it is swap. ${leftAlone}`, { consentToWipe }, consentToWipe);
    assert.equal(header(), before);
  });

  const hold = "use Fcntl; sysopen(F, $ARGV[0], O_RDONLY | O_EXCL) or die; $| = 1; print 1; <STDIN>";
  it("open in a process that asked for nothing exclusive, as QEMU does with a guest's disk", async () => {
    const open = `import time; f = open("${disk.device}", "r+b", 0); print("open", flush=True); time.sleep(600)`;
    await start("python3", "-c", open);
    assertRefused(disk, `DISK is in use: python3 (pid ${children[0]?.pid}) has it open. ${leftAlone}`);
  });

  it("held by a program that opened it exclusively, though blank", async () => {
    await start("perl", "-e", hold, disk.device);
    assertRefused(disk, `DISK is in use: it cannot be opened exclusively (Device or resource busy). ${leftAlone}`);
  });

  for (const tools of [["python3"], []]) {
    it(`held so, on a host without perl${tools.length === 0 ? " and python3" : ""}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "hostmem-tools-"));
      for (const place of ["/usr/sbin", "/usr/bin"]) {
        for (const name of readdirSync(place)) {
          const isLeftOut = /^(perl|python)/.test(name) && !tools.includes(name);
          if (!isLeftOut && !existsSync(join(folder, name))) symlinkSync(join(place, name), join(folder, name), "file");
        }
      }
      assert.deepEqual(preview(disk.device, {}, folder).said, []);
      await start("perl", "-e", hold, disk.device);
      const said = preview(disk.device, {}, folder).said.map((each) => tidy(each, disk));
      assert.equal(said.length, 1);
      assert.match(said[0]!, /^device: DISK is in use: it cannot be opened exclusively \(.*Device or resource busy\)/);
      rmSync(folder, { recursive: true });
    });
  }

  for (const state of ["mounted", "not even mounted"]) {
    it(`below a loop device whose file system is ${state}`, () => {
      const consentToWipe = makeExt4();
      const over = onDisk("losetup --find --show --read-only $1", disk.device).trim();
      const folder = mkdtempSync(join(tmpdir(), "hostmem-loop-"));
      try {
        if (state === "mounted") onDisk(`mount -o ro,noload $1 ${folder}`, over);
        const said = `DISK is in use: the loop device ${over.slice("/dev/".length)} is over it. ${leftAlone}`;
        assertRefused(disk, said, { consentToWipe }, consentToWipe);
      } finally {
        onDisk(`mountpoint -q ${folder} && umount ${folder}; losetup --detach $1`, over);
        rmSync(folder, { recursive: true });
      }
    });
  }

  for (const exported of ["nvmet/subsystems/nqn.x/namespaces/1/device_path", "target/core/fileio_0/x/udev_path"]) {
    it(`exported to other hosts by ${exported.split("/")[0]}`, () => {
      // As this kernel, which has neither, would show it, where nobody else sees it.
      const path = `/sys/kernel/config/${exported}`;
      const show = `mount -t tmpfs tmpfs /sys/kernel && mkdir -p ${path.replace(/[^/]*$/, "")} && echo ${disk.device} > ${path}`;
      const inside: [string, ...string[]] = ["unshare", "--mount", "sh", "-c", `${show} && exec sh -s`];
      const made = callLibraryIn(inside, usualPath, "make_file_system", "xfs", disk.device, uuid, "");
      assert.equal(made.failed, `${disk.device} is in use: it is exported by ${exported}`);
      assert.equal(readDevice(disk.device).device.content, undefined);
    });
  }

  it("by one of its partitions", async () => {
    // This kernel may not know any kind of partition table; partx tells it where partitions are.
    onDisk("printf 'label: gpt\\nsize=100M\\n' | sfdisk -q $1; partx --update $1", disk.device);
    const consentToWipe = readDevice(disk.device).device.content ?? "";
    const name = disk.device.split("/").at(-1);
    assert.deepEqual(readDevice(disk.device).device.partitions, [`${name}p1`]);
    const table = "it holds gpt UUID=… (1: empty)";
    assertRefused(
      disk,
      `DISK is not blank: ${table} with ${name}p1. To lose it, say consentToWipe: "gpt UUID=… (1: empty)"`,
    );

    const folder = mkdtempSync(join(tmpdir(), "hostmem-part-"));
    // Without udev or devtmpfs nobody makes the partition's node.
    const node = join(folder, "node");
    onDisk(`mknod ${node} b $(tr : ' ' < /sys/class/block/${name}p1/dev); mkfs.ext4 -q ${node}`, disk.device);
    onDisk(`mkdir ${folder}/m && mount -o ro ${node} ${folder}/m`, disk.device);
    assertRefused(disk, `DISK is in use: it is mounted at ${folder}/m. ${leftAlone}`, { consentToWipe }, consentToWipe);
    onDisk(`umount ${folder}/m`, disk.device);

    assert.match(
      preview(disk.device, { consentToWipe }).said.join(),
      /\(1: ext4 UUID=\S+\) with \S+\. consentToWipe names/,
    );
    const all = readDevice(disk.device).device.content ?? "";
    assert.deepEqual(preview(disk.device, { consentToWipe: all }).said, []);
    const made = callLibrary("make_file_system", "xfs", disk.device, uuid, all);
    assert.equal(made.ok, true, made.output);
    assert.deepEqual(readDevice(disk.device).device.partitions, []);
    rmSync(folder, { recursive: true });
  });

  keepSome(this, "disks in use on this machine", 4);
});
