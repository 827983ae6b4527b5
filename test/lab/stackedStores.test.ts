import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { drawn, sampled } from "../support/sampled";
import { cleanMachine } from "./support/cleanMachine";
import { ProvidedStore, previewsOf } from "./support/providedStore";
import { blkid, mountAt } from "./support/storeState";

const mountPoint = "/srv/guests/store";

interface Stacked {
  name: string;
  /** Names by which udev, LVM, device mapper and md offer it; the same after every boot. */
  devices: string[];
  /** As the kernel counts it. */
  counted: string;
  /** What a disk of zeros is when it is read as this, which a user has to consent to lose. */
  holds?: RegExp;
  /** Scripts in which `$1` and `$2` are the first two spare disks. */
  make: string;
  end: string;
}

const stacks: Stacked[] = [
  {
    name: "a logical volume",
    devices: ["/dev/guests/memory", "/dev/mapper/guests-memory", "/dev/disk/by-id/dm-name-guests-memory"],
    counted: "/dev/dm-0",
    make: "vgcreate -q guests $1; lvcreate -q -y -n memory -L 640M guests",
    end: "vgremove -q -f guests; pvremove -q $1",
  },
  {
    name: "an md array",
    devices: ["/dev/md/memory", "/dev/disk/by-id/md-name-compute:memory"],
    counted: "/dev/md127",
    make: "mdadm --create /dev/md/memory --run --quiet --level=1 --raid-devices=2 --assume-clean $1 $2",
    end: "mdadm --quiet --stop /dev/md/memory; mdadm --quiet --zero-superblock $1 $2",
  },
  {
    name: "an encrypted volume",
    devices: ["/dev/mapper/memory"],
    counted: "/dev/dm-0",
    holds: /is not blank: it holds (unknown content sha256:\w+)\. To lose it, say consentToWipe: "\1"$/,
    make: `echo secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - $1
      echo secret | cryptsetup open --key-file - $1 memory`,
    end: "cryptsetup close memory",
  },
];

describe("a store on what is made of other disks", function () {
  this.timeout(20 * 60_000); // An emulated processor, and others who use the real ones.
  let host: LabHost;
  before(async function () {
    this.timeout(30 * 60_000); // The first run on a machine builds the image.
    host = await cleanMachine();
  });
  afterEach(async function () {
    // One failure must not look like many.
    if (this.currentTest?.isFailed()) host = await cleanMachine();
  });
  const onDisks = (script: string) =>
    host.succeed(`set -- ${host.disksById.join(" ")}\n${script}\nudevadm settle`, { seconds: 300 });

  for (const { name, devices, counted, holds, make, end } of sampled("stores on what is made of disks", stacks, 0)) {
    // By which of its names a store is made must not matter: one of them for each run.
    const device = drawn(`the name of ${name}`, devices, 1)[0]!;
    const previews = (names: string[], consent = {}) =>
      previewsOf(
        host,
        names.map((each) => ({ device: each, mountPoint, ...consent })),
      );

    it(`is made on ${name}, by its name ${device}, right as it is by any, and taken back without its file system`, async () => {
      const fstab = await host.readFile("/etc/fstab");
      let provider = await ProvidedStore.of(host);
      try {
        await onDisks(make);
        const consent: { consentToWipe?: string } = {};
        if (holds !== undefined) {
          const { refused } = (await previews([device]))[0]!;
          assert.match(refused, holds);
          consent.consentToWipe = holds.exec(refused)![1]!;
        }
        const [unstable, ...planned] = await previews([counted, ...devices], consent);
        assert.match(unstable!.refused, /can be another disk after a reboot/);
        for (const [index, { refused, plan }] of planned.entries()) {
          assert.equal(refused, "");
          assert.match(plan[0] ?? "", new RegExp(`^format ${devices[index]} as xfs, `));
        }
        const shown = await provider.preview({ device, mountPoint, ...consent });
        assert.equal(shown.refused, "");
        const made = await provider.create(shown.inputs);
        assert.equal(made.refused, "");
        const mounted = await mountAt(host, mountPoint);
        assert.equal(await host.succeed(`readlink -f ${mounted?.source}`), await host.succeed(`readlink -f ${device}`));
        const uuid = shown.inputs["uuid"];
        assert.equal(await blkid(host, device, "UUID"), uuid);
        // What others see, with nothing remembered.
        assert.deepEqual(
          await previews(devices),
          devices.map(() => ({ refused: "", plan: [] })),
        );
        // A program that still declares it is another run.
        await provider.stop();
        provider = await ProvidedStore.of(host);
        await provider.destroy(made.id, shown.inputs);
        assert.equal(await mountAt(host, mountPoint), undefined);
        assert.equal(await host.readFile("/etc/fstab"), fstab);
        assert.equal(await blkid(host, device, "UUID"), uuid);
      } finally {
        await provider.stop();
        await host.execute(`umount ${mountPoint}`);
        // Where that fails, the machine is found not to be as it was, and is thrown away.
        await onDisks(`${end}; for disk in $1 $2; do wipefs --quiet --all $disk; blkdiscard -f $disk; done`).catch(
          () => {},
        );
      }
    });
  }
});
