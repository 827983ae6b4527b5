import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { readCommon } from "../../../provider/core/inputs/common";
import { Inputs } from "../../../provider/core/inputs/problem";
import { backingStore } from "../../../provider/core/kinds/backingStore";
import { isStableName } from "../../../provider/core/kinds/deviceName";
import { minimumDeviceBytes, promisedBytes } from "../../../provider/core/kinds/storeSize";
import { storeUuid } from "../../../provider/core/kinds/storeState";

const mib = 1024 ** 2;
const uuid5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("the UUID of a store", () => {
  it("is the same in every version of this package, or no store would be recognised", () => {
    const uuid = storeUuid("project/stack/compute-1", "/dev/disk/by-id/nvme-MT0032KEXUU_1234");
    assert.equal(uuid, "b87ee029-4d32-52f9-bebf-6265eeed9e18");
  });

  it("is a valid one of version 5, and another one for another owner or device", () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(fc.string(), fc.string(), (owner, device) => {
        const uuid = storeUuid(owner, device);
        assert.match(uuid, uuid5);
        assert.equal(storeUuid(owner, device), uuid);
        const known = seen.get(uuid);
        assert.ok(known === undefined || known === JSON.stringify([owner, device]));
        seen.set(uuid, JSON.stringify([owner, device]));
      }),
    );
    assert.notEqual(storeUuid("a/b/c", "/dev/x"), storeUuid("a/b/d", "/dev/x"));
    assert.notEqual(storeUuid("a/b/c", "/dev/x"), storeUuid("a/b/c", "/dev/y"));
  });
});

describe("the promised size of a store", () => {
  const device = fc.integer({ min: minimumDeviceBytes / 512, max: 2 ** 42 / 512 }).map((sectors) => sectors * 512);

  it("is whole MiB, positive, less than the device, and grows with it", () => {
    fc.assert(
      fc.property(device, fc.integer({ min: 0, max: 2 ** 32 }), (bytes, more) => {
        const promised = promisedBytes(bytes);
        assert.ok(Number.isSafeInteger(promised) && promised % mib === 0);
        assert.ok(promised > 0 && promised < bytes);
        assert.ok(promisedBytes(bytes + more) >= promised);
      }),
    );
  });

  it("is more than 99 percent of a terabyte", () => {
    assert.ok(promisedBytes(2 ** 40) > 0.99 * 2 ** 40);
  });
});

describe("the name of a device", () => {
  it("is not stable where the kernel or a driver counts", () => {
    const counted =
      "sda sdb3 sdaa1 vda vdb2 xvdf nvme0n1 nvme1n2p3 mmcblk0 mmcblk0p1 loop7 loop7p2 dm-0 md127 md0p1 pmem0 pmem0s nbd0 rbd1p1 zram0 block/8:16 dasda dasdb1 zd0 zd16p1 ublkb0 drbd0 md/127 md/127p1 cciss/c0d0 cciss/c0d0p1 ida/c0d0 i2o/hda rd/c0d0 disk/by-diskseq/3 disk/3 drbd/by-disk/sda etherd/e1.1 dax/0 rbd/pool char/8:0 shm/x fd/0 hostmem-disk0";
    assert.deepEqual(
      counted.split(" ").filter((name) => isStableName(`/dev/${name}`)),
      [],
    );
  });

  it("is stable where it is the disk's own, or somebody chose it", () => {
    const chosen =
      "disk/by-id/nvme-x disk/by-id/nvme-x-part1 disk/by-uuid/0b1c disk/by-partuuid/0b1c-01 disk/by-path/pci-0000:00:1f.2-ata-1 disk/by-path/pci-0-part/by-partuuid/0b1c disk/by-label/guests disk/by-partlabel/guests disk/by-dname/guests vg0/guests disks/lv mapper/vg0-guests mapper/mpatha md/guests md/7guests zvol/tank/guests zvol/tank/a/b rbd/pool/image rbd/pool/space/image drbd/by-res/guests drbd/by-res/guests/0";
    assert.deepEqual(
      chosen.split(" ").filter((name) => !isStableName(`/dev/${name}`)),
      [],
    );
  });

  it("is none where it ends early or goes astray", () => {
    const odd = [
      "/dev/",
      "/dev/vg0",
      "/dev/vg0/",
      "/dev//sda",
      "/dev/a/b/c",
      "/dev/disk/by-id/",
      "/dev/md/",
      "sda",
      "",
    ];
    assert.deepEqual(odd.filter(isStableName), []);
  });

  it("is stable in fstab as a tag of what is on the disk, or as a file", () => {
    const sources = ["UUID=0b1c", "LABEL=guests", "PARTUUID=0b1c-01", "PARTLABEL=guests", "ID=nvme-x", "/srv/image"];
    assert.deepEqual(sources.filter(isStableName), sources);
    assert.deepEqual(["UUID=", "NAME=x", "tmpfs"].filter(isStableName), []);
  });
});

describe("the inputs of a store", () => {
  function problemsOf(declared: Record<string, unknown>): string[] {
    const problems: Inputs["problems"] = [];
    const inputs = new Inputs({ owner: "a/b/c", ...declared }, "", problems);
    backingStore.check(inputs, readCommon(inputs));
    return problems.map(({ path, message }) => `${path} ${message}`);
  }
  const device = "/dev/disk/by-id/nvme-1";

  it("may be a device alone, nothing at all, or a tmpfs with a size", () => {
    for (const declared of [
      { device },
      {},
      { fileSystem: "tmpfs", size: "4 GiB" },
      { device, mountPoint: "/srv/a b" },
    ]) {
      assert.deepEqual(problemsOf(declared), []);
    }
  });

  it("are refused where they contradict each other, each by its name", () => {
    const found = [
      ...problemsOf({ device: "nvme-1" }),
      ...problemsOf({ device: "/srv/image" }),
      ...problemsOf({ fileSystem: "xfs" }),
      ...problemsOf({ fileSystem: "btrfs", device }),
      ...problemsOf({ device, fileSystem: "tmpfs", size: "4 GiB" }),
      ...problemsOf({ fileSystem: "tmpfs" }),
      ...problemsOf({ device, size: "4 GiB" }),
      ...problemsOf({ fileSystem: "tmpfs", size: "4 pounds" }),
      ...problemsOf({ fileSystem: "tmpfs", size: 0 }),
      ...problemsOf({ fileSystem: "tmpfs", size: "0 MiB" }),
    ];
    assert.deepEqual(
      found.map((each) => each.split(" ").slice(0, 4).join(" ")),
      [
        "device must be an",
        "device must be a",
        "device is required for",
        'fileSystem must be "ext4"',
        "device must be left",
        "size is required for",
        "size is for a",
        'size "4 pounds" has',
        "size must be at",
        "size must be at",
      ],
    );
  });

  it("are refused with a path that no store can be at, each in its own words", () => {
    const kept = ["/proc/x", "/sys", "/dev/shm/guests", "/run/guests"];
    assert.deepEqual(
      ["/", "/srv/", ...kept].map((mountPoint) => problemsOf({ mountPoint }).join().split(";")[0]),
      [
        "mountPoint must not be the root directory",
        "mountPoint must not end in a slash",
        ...["/proc", "/sys", "/dev", "/run"].map(
          (system) => `mountPoint must not be in ${system}, which the system makes anew with every boot`,
        ),
      ],
    );
    assert.deepEqual(problemsOf({ mountPoint: "/running/devices" }), []);
  });

  it("are refused with a path that fstab, systemd and the shell read in different ways", () => {
    const odd = [
      "srv",
      "/",
      "/srv/",
      "/srv//x",
      "/srv/./x",
      "/srv/../x",
      "/srv/..",
      "/srv/a\nb",
      '/srv/"x"',
      "/srv/'x'",
      "/srv/a\\b",
      "/srv/sp\u00e4t",
      "/srv/x ",
    ];
    assert.deepEqual(
      odd.filter((mountPoint) => problemsOf({ mountPoint }).length !== 1),
      [],
    );
    const plain = ["/srv/..x", "/srv/.x", "/srv/x.y", "/srv/a#b", "/srv/%h"];
    assert.deepEqual(
      plain.filter((mountPoint) => problemsOf({ mountPoint }).length !== 0),
      [],
    );
  });
});
