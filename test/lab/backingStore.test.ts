import { strict as assert } from "node:assert";
import { compareRecords, type HostRecord, recordHost } from "../support/lab/hostRecord";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { compareUpper, recordUpper } from "../support/lab/upperRecord";
import { keepSome, sampled } from "../support/sampled";
import { bootWithout } from "./support/bootWithout";
import { errorsOf, hostLines, hostWarnings, LabStack, operationsOf } from "./support/labStack";
import { traces } from "./support/novaState";
import { programOf } from "./support/programs";
import { partitionTable, storeRefusals } from "./support/storeRefusals";
import { blankDisks, blkid, growDisk, hashOf, mountAt } from "./support/storeState";

const mountPoint = "/srv/guests/store";
const xfsLine = (uuid: string) => `UUID=${uuid} ${mountPoint} xfs nofail,x-systemd.device-timeout=90s,noatime 0 0`;

describe("BackingStore on a host with real disks", function () {
  this.timeout(180_000);
  let host: LabHost;
  let record: HostRecord;
  let stack: LabStack;
  let device: string;

  const declare = (args: Record<string, unknown>) =>
    stack.project.setProgram(programOf({ store: { mountPoint, ...args } }));
  const fstab = () => host.readFile("/etc/fstab");
  const uuidOf = async () => (await stack.outputsOf("BackingStore"))?.["uuid"] as string;

  before(async function () {
    this.timeout(20 * 60_000);
    host = await startLabHost({ kind: "light", name: "store" });
    device = host.disksById[0]!;
    // Written by an editor that adds no line ending.
    await host.writeFile("/etc/fstab", "# <file system> <mount point>\nnone /mnt/x tmpfs noauto 0 0");
    await host.succeed("systemctl daemon-reload");
  });
  after(() => host?.destroy());
  beforeEach(async () => {
    await blankDisks(host);
    record = await recordHost(host);
    stack = await LabStack.create(host, { program: programOf({ store: { mountPoint, device } }) });
  });
  afterEach(async () => {
    await stack.destroy();
    stack.remove();
    assert.deepEqual(compareRecords(record, await recordHost(host), [/^disk /]), []);
    assert.deepEqual(await traces(host), []);
  });

  for (const fileSystem of ["xfs", "ext4"]) {
    it(`makes ${fileSystem} on a blank disk, keeps it when it is destroyed, and finds it again`, async () => {
      declare({ device, fileSystem });
      const blank = await hashOf(host, device);
      const upper = recordUpper(host);
      await host.succeed(
        "udevadm monitor --kernel --subsystem-match=block > /run/uevents 2>&1 & echo $! > /run/monitor; sleep 1",
      );
      const preview = await stack.preview();
      await host.succeed("udevadm settle; sleep 1; kill $(cat /run/monitor)");
      // The kernel tells of the disks of all hosts on this machine.
      const name = (await host.succeed(`basename $(readlink -f ${device})`)).trim();
      const events = (await host.readFile("/run/uevents")).split("\n").filter((line) => line.includes(`/${name}`));
      assert.deepEqual(events, [], "a preview is nothing to udev");
      await host.succeed("rm /run/uevents /run/monitor");
      assert.equal(await hashOf(host, device), blank);
      assert.deepEqual(compareUpper(upper, recordUpper(host)), []);
      const [format, ...rest] = hostLines(preview);
      assert.equal(format, `format ${device} as ${fileSystem}, 883 MiB usable`);

      await stack.up();
      const uuid = await uuidOf();
      const line = xfsLine(uuid).replace(" xfs ", ` ${fileSystem} `);
      assert.deepEqual(rest, [`set in /etc/fstab: ${line}`, `mount ${mountPoint}`]);
      assert.equal(await blkid(host, device, "UUID"), uuid);
      assert.equal(await blkid(host, device, "TYPE"), fileSystem);
      assert.equal((await fstab()).split("\n").at(-2), line);
      const mounted = await mountAt(host, mountPoint);
      const real = (await host.succeed(`readlink -f ${device}`)).trim();
      assert.deepEqual(
        { ...mounted, options: [] },
        { source: real, fstype: fileSystem, options: [], access: "root:root 755" },
      );
      assert.ok(mounted?.options.includes("noatime"));
      assert.equal((await host.succeed("stat -c %a /srv/guests")).trim(), "755", "QEMU is not root");
      assert.match(
        await host.succeed("findmnt --verify --verbose 2>&1 || :"),
        new RegExp(`${mountPoint}\\n(?!.*\\[E\\])`),
      );

      const outputs = await stack.outputsOf("BackingStore");
      assert.equal(outputs?.["sizeMb"], 883);
      const total = Number(
        await host.succeed(`stat -f -c '%b %S' ${mountPoint} | awk '{ print int($1 * $2 / 1048576) }'`),
      );
      assert.equal(outputs?.["realSizeMb"], total);
      assert.ok(total >= 883);
      await host.succeed(`fallocate -l 883M ${mountPoint}/all-of-it && rm ${mountPoint}/all-of-it`);
      await stack.preview({ expectNoChanges: true });
      await stack.refresh({ expectNoChanges: true });

      await host.succeed(`echo kept > ${mountPoint}/file`);
      await stack.destroy();
      assert.equal(await mountAt(host, mountPoint), undefined);
      const kept = await hashOf(host, device);
      assert.deepEqual(compareRecords(record, await recordHost(host), [/^disk /]), []);

      const again = await stack.preview();
      assert.deepEqual(hostLines(again), rest);
      assert.equal(await hashOf(host, device), kept);
      await stack.up();
      assert.equal(await uuidOf(), uuid);
      assert.equal(await host.readFile(`${mountPoint}/file`), "kept\n");
    });
  }

  it("gives what it mounts the owner and mode of the directory that was there", async () => {
    await host.succeed(`install -d -o daemon -g games -m 751 ${mountPoint}`);
    await stack.up();
    assert.equal((await mountAt(host, mountPoint))?.access, "daemon:games 751");
    await stack.destroy();
    assert.equal((await host.succeed(`stat -c '%U:%G %a' ${mountPoint}`)).trim(), "daemon:games 751");
    await host.succeed("rm -r /srv/guests");
  });

  it("lets nobody write below the mount point while the store is away", async () => {
    await stack.up();
    await host.succeed(`umount ${mountPoint}`);
    assert.match(await host.fail(`touch ${mountPoint}/file`), /Operation not permitted/);
    assert.deepEqual(hostLines(await stack.preview()), [`mount ${mountPoint}`]);
    const found = await stack.previewRefresh();
    assert.equal(found.changes["update"], 1, JSON.stringify(found.changes));
    await stack.up();
    assert.ok(await mountAt(host, mountPoint));
  });

  it("is made on a partition", async () => {
    const [disk] = host.disks;
    // Not every kernel knows every kind of partition table; partx tells it where partitions are.
    await host.succeed(`${partitionTable(disk!)}; partx --update ${disk}`);
    // The lab's udev gets no nodes from the kernel; on other hosts the partition has its by-id name.
    const name = (await host.succeed(`basename $(readlink -f ${disk})`)).trim();
    const number = (await host.succeed(`tr : ' ' < /sys/class/block/${name}p1/dev`)).trim();
    const node = `/dev/${name}p1`;
    await host.succeed(`mknod ${node} b ${number}`);
    try {
      declare({ device: node, allowUnstableDeviceName: true });
      await stack.up();
      assert.equal((await mountAt(host, mountPoint))?.source, node);
      await stack.preview({ expectNoChanges: true });
      declare({ device });
      const { said } = await refused();
      assert.match(said, new RegExp(`the store is on ${node}, and cannot be changed in place`));
      declare({ device: node, allowUnstableDeviceName: true });
    } finally {
      await stack.destroy();
      await host.succeed(`rm ${node}`);
    }
  });

  it("takes over what somebody mounted there, and leaves it when it is destroyed", async () => {
    await host.succeed(
      `mkdir -p ${mountPoint}; mkfs.ext4 -q ${device}; mount ${device} ${mountPoint}; touch ${mountPoint}/theirs`,
    );
    try {
      declare({});
      assert.deepEqual(hostLines(await stack.preview()), []);
      await stack.up();
      await stack.preview({ expectNoChanges: true });
      await stack.refresh({ expectNoChanges: true });
      await stack.destroy();
      assert.equal((await mountAt(host, mountPoint))?.fstype, "ext4");
      await host.succeed(`test -e ${mountPoint}/theirs`);
    } finally {
      await host.succeed(`umount ${mountPoint}; rm -r /srv/guests`);
    }
  });

  it("is a tmpfs to try things out, and changes its size", async () => {
    declare({ fileSystem: "tmpfs", size: "64 MiB" });
    const line = `tmpfs ${mountPoint} tmpfs size=64M,mode=0755,nofail 0 0`;
    assert.deepEqual(hostLines(await stack.preview()), [`set in /etc/fstab: ${line}`, `mount ${mountPoint}`]);
    await stack.up();
    assert.equal((await mountAt(host, mountPoint))?.fstype, "tmpfs");
    await stack.preview({ expectNoChanges: true });
    declare({ fileSystem: "tmpfs", size: "128 MiB" });
    await stack.up();
    assert.equal(
      Number(await host.succeed(`stat -f -c '%b %S' ${mountPoint} | awk '{ print $1 * $2 }'`)),
      128 * 1024 ** 2,
    );
    await stack.refresh({ expectNoChanges: true });
  });

  it("grows with its disk, and says so before", async () => {
    await stack.up();
    await host.succeed(`echo kept > ${mountPoint}/file`);
    await growDisk(host, 0, 1536);
    const preview = await stack.preview();
    assert.deepEqual(hostLines(preview), [`grow ${mountPoint} to the size of ${device}`]);
    assert.equal(operationsOf(preview)["BackingStore"], "update");
    const former = Number(await host.succeed(`df --output=size -m ${mountPoint} | tail -n 1`));
    await stack.up();
    assert.ok(Number(await host.succeed(`df --output=size -m ${mountPoint} | tail -n 1`)) >= former + 500);
    assert.equal(await host.readFile(`${mountPoint}/file`), "kept\n");
    assert.equal((await stack.outputsOf("BackingStore"))?.["sizeMb"], 1389);
    await stack.preview({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });
  });

  it("wipes exactly what the consent names", async () => {
    await host.succeed(`mkfs.ext4 -q ${host.disks[0]}; mkfs.ext4 -q ${host.disks[1]}`);
    const other = await hashOf(host, host.disks[1]!);
    const signature = `ext4 UUID=${await blkid(host, device, "UUID")}`;
    declare({ device, consentToWipe: signature });
    const preview = await stack.preview();
    assert.equal(hostLines(preview)[0], `format ${device} as xfs, 883 MiB usable; what is on it is lost: ${signature}`);
    await stack.up();
    assert.equal(await blkid(host, device, "TYPE"), "xfs");
    assert.equal(await hashOf(host, host.disks[1]!), other);
    await stack.preview({ expectNoChanges: true });
  });

  /** Preview and update both fail, and neither changes anything on the disks or the host. */
  async function refused(): Promise<{ said: string }> {
    // The kernel may write anything but the header of a disk that it swaps to.
    const swapHeader = (disk: string) => host.succeed(`head -c 4096 ${disk} | sha256sum`);
    const isSwap = async (disk: string) => (await blkid(host, disk, "TYPE")) === "swap";
    const contentOf = async (disk: string) => ((await isSwap(disk)) ? swapHeader(disk) : hashOf(host, disk));
    const disks = await Promise.all(host.disks.map(contentOf));
    const before = await recordHost(host);
    const said = errorsOf(await stack.failingPreview());
    const applied = errorsOf(await stack.failingUp());
    assert.deepEqual(await Promise.all(host.disks.map(contentOf)), disks);
    assert.deepEqual(compareRecords(before, await recordHost(host)), []);
    const reason = (text: string) => text.split("\n").filter((line) => /device|mountPoint|fileSystem/.test(line));
    assert.deepEqual(reason(applied), reason(said));
    return { said: said.replace(/\s+/g, " ") };
  }

  for (const { name, prepare, tidy = ":", args = {}, says } of sampled("refusals of a store", storeRefusals, 2)) {
    it(`refuses ${name}, and changes nothing`, async () => {
      const real = (await host.succeed(`readlink -f ${device}`)).trim();
      const onDisk = (script: string) => script.replaceAll("DISK", real);
      await host.succeed(onDisk(prepare));
      try {
        declare({ device, ...args, ...(args["device"] === "REAL" ? { device: real } : {}) });
        assert.match((await refused()).said, says);
      } finally {
        await host.succeed(onDisk(tidy));
      }
    });
  }

  it("refuses a disk that was filled after the plan was made, and changes nothing", async () => {
    // Whoever holds the host's lock keeps the apply waiting between its plan and its first step.
    await host.succeed("flock /run/hostmem.lock sleep 600 > /dev/null 2>&1 & echo $! > /run/holder; sleep 1");
    const applying = stack.up({ mustSucceed: false });
    await host.waitUntilSucceeds("systemctl is-active 'hostmem-apply-*' | grep active >/dev/null", 60);
    await host.succeed(`sleep 2; mkfs.ext4 -q ${device}; mount ${device} /opt; echo precious > /opt/file; umount /opt`);
    const filled = await hashOf(host, device);
    await host.succeed("kill $(pgrep -P $(cat /run/holder)); rm /run/holder");
    const result = await applying;
    assert.notEqual(result.code, 0);
    assert.match(errorsOf(result).replace(/\s+/g, " "), /\S+ is not blank: it holds ext4 UUID=/);
    assert.equal(await hashOf(host, device), filled);
    assert.deepEqual(await traces(host), []);
  });

  it("goes on where a run was cut right after it had made the file system", async () => {
    await host.succeed(`
      mv /usr/sbin/mkfs.xfs /usr/sbin/mkfs.xfs.real
      printf '#!/bin/sh\\n[ $# -gt 0 ] || exec mkfs.xfs.real\\n/usr/sbin/mkfs.xfs.real "$@"\\nkill -9 $PPID\\n' > /usr/sbin/mkfs.xfs
      chmod 755 /usr/sbin/mkfs.xfs`);
    const preview = hostLines(await stack.preview());
    try {
      await stack.failingUp();
    } finally {
      await host.succeed("mv /usr/sbin/mkfs.xfs.real /usr/sbin/mkfs.xfs");
    }
    assert.equal(await blkid(host, device, "TYPE"), "xfs");
    assert.deepEqual(hostLines(await stack.preview()), preview.slice(1));
    await stack.up();
    assert.ok(await mountAt(host, mountPoint));
    await stack.preview({ expectNoChanges: true });
  });

  it("goes on where a run was cut while it made the file system", async () => {
    const script = `#!/bin/sh\n[ $# -gt 0 ] || exec mkfs.xfs.real\n/usr/sbin/mkfs.xfs.real "$@" &\nchild=$!\nfor last; do :; done\nwhile ! head -c 4 "$last" | grep -q XFSB; do :; done\nkill -9 $child $PPID\n`;
    await host.succeed("mv /usr/sbin/mkfs.xfs /usr/sbin/mkfs.xfs.real");
    await host.writeFile("/usr/sbin/mkfs.xfs", script, { mode: "755" });
    const preview = hostLines(await stack.preview());
    try {
      await stack.failingUp();
    } finally {
      await host.succeed("mv /usr/sbin/mkfs.xfs.real /usr/sbin/mkfs.xfs");
    }
    const left = hostLines(await stack.preview());
    assert.deepEqual(left.slice(-preview.length + 1), preview.slice(1));
    await stack.up();
    assert.ok(await mountAt(host, mountPoint));
    await stack.preview({ expectNoChanges: true });
  });

  it("says what mount said when it cannot mount, and goes on once it can", async () => {
    await host.writeFile("/usr/sbin/mount.xfs", "#!/bin/sh\necho 'mount.xfs: no such luck' >&2; exit 32\n", {
      mode: "755",
    });
    try {
      const said = errorsOf(await stack.failingUp()).replace(/\s+/g, " ");
      assert.match(said, new RegExp(`cannot mount ${mountPoint}: mount.xfs: no such luck`));
    } finally {
      await host.succeed("rm /usr/sbin/mount.xfs");
    }
    assert.deepEqual(hostLines(await stack.preview()), [`mount ${mountPoint}`]);
    await stack.up();
    await stack.preview({ expectNoChanges: true });
  });

  it("can be destroyed when its disk is gone, and its host has booted without it", async () => {
    await stack.up();
    await bootWithout(host, 0);
    assert.equal(await mountAt(host, mountPoint), undefined);
    assert.match(errorsOf(await stack.failingPreview()).replace(/\s+/g, " "), /\S+ does not exist on the host/);
    await stack.destroy();
    assert.deepEqual(await traces(host), []);
    await host.stop();
    host.plugDisk(0, true);
    await host.start();
  });

  it("is mounted again after a reboot", async () => {
    await stack.up();
    await host.reboot();
    assert.equal((await mountAt(host, mountPoint))?.fstype, "xfs");
    await stack.preview({ expectNoChanges: true });
    assert.deepEqual(hostWarnings(await stack.preview()), []);
  });

  keepSome(this, "stores on real disks", 4);
});
