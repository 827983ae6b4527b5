import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { sampled } from "../support/sampled";
import { cleanMachine } from "./support/cleanMachine";
import { ProvidedStore } from "./support/providedStore";
import { blkid, mountAt } from "./support/storeState";

const mountPoint = "/srv/guests/store";

/** Scripts in which `$1` and `$2` are the first two spare disks. */
const volume = {
  make: "vgcreate -q guests $1; lvcreate -q -y -n memory -L 640M guests",
  end: "vgremove -q -f guests; pvremove -q $1",
};
const array = {
  make: "mdadm --create /dev/md/memory --run --quiet --level=1 --raid-devices=2 --assume-clean $1 $2",
  end: "mdadm --quiet --stop /dev/md/memory; mdadm --quiet --zero-superblock $1 $2",
};
const encrypted = {
  make: `echo secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - $1
    echo secret | cryptsetup open --key-file - $1 memory`,
  end: "cryptsetup close memory",
};

/** Names by which udev, LVM, device mapper and md offer what is made of disks; the same after every boot. */
const stores = [
  { device: "/dev/guests/memory", ...volume },
  { device: "/dev/mapper/guests-memory", ...volume },
  { device: "/dev/disk/by-id/dm-name-guests-memory", ...volume },
  { device: "/dev/md/memory", ...array },
  { device: "/dev/disk/by-id/md-name-compute:memory", ...array },
  { device: "/dev/mapper/memory", ...encrypted },
];

/** As the kernel counts them. */
const unstable = { "/dev/guests/memory": "/dev/dm-0", "/dev/md/memory": "/dev/md127" } as Record<string, string>;

describe("a store on what is made of other disks", function () {
  this.timeout(20 * 60_000); // An emulated processor, and others who use the real ones.
  let host: LabHost;
  before(async function () {
    this.timeout(30 * 60_000); // The first run on a machine builds the image.
    host = await cleanMachine();
  });
  const onDisks = (script: string) =>
    host.succeed(`set -- ${host.disksById.join(" ")}\n${script}\nudevadm settle`, { seconds: 300 });

  for (const { device, make, end } of sampled("stores on what is made of disks", stores, 0)) {
    it(`is made on ${device}, right as it is, and taken back without its file system`, async () => {
      await onDisks(make);
      const fstab = await host.readFile("/etc/fstab");
      let provider = await ProvidedStore.of(host);
      try {
        const counted = unstable[device];
        if (counted !== undefined) {
          const { refused } = await provider.preview({ device: counted, mountPoint });
          assert.match(refused, /can be another disk after a reboot/);
        }
        const shown = await provider.preview({ device, mountPoint });
        assert.equal(shown.refused, "");
        assert.match(shown.plan[0] ?? "", new RegExp(`^format ${device} as xfs, `));
        const made = await provider.create(shown.inputs);
        assert.equal(made.refused, "");
        const mounted = await mountAt(host, mountPoint);
        assert.equal(await host.succeed(`readlink -f ${mounted?.source}`), await host.succeed(`readlink -f ${device}`));
        const uuid = shown.inputs["uuid"];
        assert.equal(await blkid(host, device, "UUID"), uuid);
        // What another process sees, with nothing remembered.
        await provider.stop();
        provider = await ProvidedStore.of(host);
        const again = await provider.preview({ device, mountPoint });
        assert.deepEqual({ refused: again.refused, plan: again.plan }, { refused: "", plan: [] });
        // A program that still declares it is another run.
        await provider.stop();
        provider = await ProvidedStore.of(host);
        await provider.destroy(made.id, again.inputs);
        assert.equal(await mountAt(host, mountPoint), undefined);
        assert.equal(await host.readFile("/etc/fstab"), fstab);
        assert.equal(await blkid(host, device, "UUID"), uuid);
      } finally {
        await provider.stop();
        await host.execute(`umount ${mountPoint}`);
        await onDisks(`${end}; for disk in $1 $2; do wipefs --quiet --all $disk; blkdiscard -f $disk; done`);
      }
    });
  }
});
