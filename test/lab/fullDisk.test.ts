import { strict as assert } from "node:assert";
import type { DeclaredHost } from "../support/fault/coreHost";
import { type CutHost, startCutHost } from "../support/fault/lab";
import { disk, impatient, mountPoint } from "../support/fault/lives";
import { leftovers } from "../support/fault/outside";
import { compareRecords, type HostRecord, recordHost } from "../support/lab/hostRecord";
import { keepSome, sampled } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { blankDisks } from "./support/storeState";

const declared: DeclaredHost = {
  BackingStore: { device: disk, mountPoint },
  FileBackedMemoryConfig: { capacity: "512 MiB", memoryBackingDir: mountPoint, healthTimeoutSeconds: 30 },
};
const files = ["/etc/fstab", "/etc/nova/nova.conf", "/etc/libvirt/qemu.conf"];

/** A file system that has no room, or takes nothing. `free` is in pages of 4 KiB, the unit of a tmpfs. */
interface Shortage {
  where: string;
  begin: (free: number) => string;
  /** Makes room. */
  end: string;
  /** Makes the host as it was before, whatever became of the trial. */
  tidy: string;
  says: RegExp;
}

const fill = (folder: string, free: number) =>
  `cat /dev/zero > ${folder}/filler 2> /dev/null || :
   pages=$(( $(stat -c %s ${folder}/filler) / 4096 - ${free} )); truncate -s $(( (pages > 0 ? pages : 0) * 4096 )) ${folder}/filler`;

const unmount = (folder: string) => `! mountpoint -q ${folder} || umount ${folder}`;

/** As large as before, too: systemd reloads nothing with less than 16 MiB of room there. */
const emptyRun = `rm -f /run/filler
  [ ! -e /root/run-size ] || { mount -o remount,"$(cat /root/run-size)" /run; rm /root/run-size; }`;

const shortages: Shortage[] = [
  {
    where: "/var/lib/hostmem",
    begin: (free) => `mkdir -p /var/lib/hostmem; mount -t tmpfs -o size=96k,mode=700 tmpfs /var/lib/hostmem
      ${fill("/var/lib/hostmem", free)}`,
    end: "rm -f /var/lib/hostmem/filler",
    tidy: `${unmount("/var/lib/hostmem")}; rmdir /var/lib/hostmem 2> /dev/null || :`,
    says: /cannot write( to)? \/var\/lib\/hostmem|No space left on device in \/var\/lib\/hostmem/,
  },
  {
    where: "/etc",
    begin: (free) => `mkdir /run/etc; mount -t tmpfs -o size=16m,mode=755 tmpfs /run/etc; cp -a /etc/. /run/etc
      mount --bind /run/etc /etc; umount /run/etc; rmdir /run/etc
      ${fill("/etc", free)}`,
    end: "rm -f /etc/filler",
    tidy: unmount("/etc"),
    says: /cannot write \/etc\/|cannot let libvirtd/,
  },
  {
    where: "/run",
    begin: (free) => `findmnt -no OPTIONS /run | grep -o 'size=[^,]*' > /root/run-size
      mount -o remount,size=16m /run
      ${fill("/run", free)}`,
    end: emptyRun,
    tidy: emptyRun,
    says: /no room in \/run|cannot |could not start the apply/,
  },
];

describe("an apply on a host without room", function () {
  this.timeout(10 * 60_000);
  let on: CutHost;
  let record: HostRecord;

  const hashes = () => on.host.succeed(`sha256sum ${files.join(" ")}`);
  const up = () => on.core.up(declared, { change: impatient });
  const destroy = () => on.core.destroy(declared, { change: impatient });
  const failureOf = (work: Promise<void>) =>
    work.then(
      () => undefined,
      (error: Error) => error.message,
    );

  before(async function () {
    this.timeout(20 * 60_000);
    on = await startCutHost("full");
    await blankDisks(on.host);
    record = await recordHost(on.host);
  });
  after(async () => {
    await on?.host.destroy();
  });
  afterEach(async () => {
    await blankDisks(on.host);
    assert.deepEqual(
      compareRecords(record, await recordHost(on.host)).filter((line) => !line.startsWith("kernel ")),
      [],
    );
  });

  /** Every file as before or as after, and, with room, the next one ends the work, and the way back is exact. */
  async function sufferAndRecover(begin: string, end: string, says: RegExp, when: string): Promise<boolean> {
    const claims = ["nothing half written", "converged", "restored"] as const;
    const prove = beginTrial("file systems without room", when, claims);
    const before = (await hashes()).split("\n");
    await on.host.succeed(begin);
    const said = await failureOf(up());
    if (said !== undefined) assert.match(said, says, `${when}: ${said}`);
    const during = (await hashes()).split("\n");
    await on.host.succeed(end);
    await up();
    const after = (await hashes()).split("\n");
    for (const [index, line] of during.entries()) {
      assert.ok(line === before[index] || line === after[index], `${when}: half written: ${line}`);
    }
    prove("nothing half written");
    assert.deepEqual(leftovers(on.host), [], when);
    assert.equal(await on.host.succeed("find /etc /var/lib/hostmem -name '*.hostmem-new'"), "", when);
    prove("converged");
    await destroy();
    assert.deepEqual((await hashes()).split("\n"), before, when);
    prove("restored");
    return said !== undefined;
  }

  /** A trial after which the host is as before; one that failed may leave what its way back would have taken. */
  async function tidied(tidy: string, trial: () => Promise<boolean>): Promise<boolean> {
    const makeTidy = () => on.host.succeed(`${tidy}; systemctl daemon-reload`);
    try {
      const hasFailed = await trial();
      await makeTidy();
      await blankDisks(on.host);
      return hasFailed;
    } catch (error) {
      await makeTidy();
      await failureOf(destroy());
      throw error;
    }
  }

  for (const { where, begin, end, tidy, says } of shortages) {
    it(`says so when ${where} is full, breaks nothing, and goes on once there is room`, async () => {
      const amounts = sampled(`room in ${where}`, [2, 6, 10, 11, 12, 13], 1);
      let failed = 0;
      for (const free of [...new Set([0, ...amounts])]) {
        const when = `${free} pages free in ${where}`;
        const hasFailed = await tidied(tidy, () => sufferAndRecover(begin(free), end, says, when));
        if (hasFailed) failed++;
      }
      assert.ok(failed > 0, "there was room enough");
    });
  }

  it("says so when /etc is read-only, breaks nothing, and goes on once it is not", async () => {
    const begin = "mount --bind /etc /etc; mount -o remount,bind,ro /etc";
    const says = /cannot write \/etc\/|Read-only file system/;
    const failed = await tidied(unmount("/etc"), () => sufferAndRecover(begin, unmount("/etc"), says, "read-only"));
    assert.ok(failed);
  });

  keepSome(this, "places without room", 1);
});
