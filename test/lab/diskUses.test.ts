import { strict as assert } from "node:assert";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { run } from "../support/lab/process";
import { errorsOf, LabStack } from "./support/labStack";
import { programOf } from "./support/programs";
import { blkid } from "./support/storeState";

const mountPoint = "/srv/guests/store";

interface Use {
  name: string;
  /** Which device is declared, instead of the first spare disk: the end of its name in /dev/disk/by-id. */
  device?: string;
  /** Scripts in which `$1` is the first spare disk, and `$2` the second. */
  begin: string;
  end: string;
  /** How the refusal goes on after the device's name. */
  says: RegExp;
}

const twoParts = "printf 'label: gpt\\nsize=100M\\nsize=600M\\n' | sfdisk -q $1; udevadm settle";

const uses: Use[] = [
  {
    name: "a disk that has a mounted partition",
    begin: `${twoParts}; mkfs.ext4 -q $1-part2; mount -o ro $1-part2 /opt`,
    end: "umount /opt",
    says: /is in use: it is mounted at \/opt\. It is left alone/,
  },
  {
    name: "a disk of a running md array",
    begin: `mdadm --create /dev/md9 --run --quiet --level=1 --raid-devices=2 --metadata=1.2 --assume-clean $1 $2
      udevadm settle; mdadm --quiet --readonly /dev/md9`,
    end: "mdadm --quiet --stop /dev/md9",
    says: /is in use: md9 is on it\. It is left alone/,
  },
  {
    name: "a disk with a device mapped onto it, blank as it is",
    begin: "dmsetup create lab --table '0 2048 linear '$1' 0'; udevadm settle",
    end: "dmsetup remove lab",
    says: /is in use: dm-0 is on it\. It is left alone/,
  },
  {
    name: "a disk of an active volume group",
    begin: "vgcreate -q guests $1; lvcreate -q -y -W n -n one -L 64M guests; udevadm settle",
    end: "vgchange -q -a n guests",
    says: /is in use: dm-0 is on it\. It is left alone/,
  },
  {
    name: "a disk with an open LUKS volume",
    begin: `echo secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - $1
      echo secret | cryptsetup open --key-file - $1 secret; udevadm settle`,
    end: "cryptsetup close secret",
    says: /is in use: dm-0 is on it\. It is left alone/,
  },
  {
    name: "a disk that a program has for itself",
    begin: `python3 -c 'import os, sys, time; os.open(sys.argv[1], os.O_EXCL); time.sleep(900)' $1 > /dev/null 2>&1 &
      echo $! > /run/holder; sleep 3`,
    end: "kill $(cat /run/holder)",
    says: /is in use: it cannot be opened exclusively \(Device or resource busy\)\. It is left alone/,
  },
  {
    name: "a disk that is read-only",
    begin: "blockdev --setro $1",
    end: "blockdev --setrw $1",
    says: /is read-only/,
  },
  {
    name: "a partition that is too small",
    device: "virtio-HOSTMEM_LAB_0001-part1",
    begin: twoParts,
    end: ":",
    says: /has 100 MiB; a store needs 320 MiB/,
  },
  {
    name: "the root disk",
    device: "virtio-HOSTMEM_LAB_ROOT",
    begin: ":",
    end: ":",
    says: /is in use: it is mounted at \/\. It is left alone/,
  },
];

describe("a store on a disk that its host uses", function () {
  this.timeout(300_000);
  let host: LabHost;
  let stack: LabStack;

  before(async function () {
    this.timeout(30 * 60_000); // The first run on a machine builds the image.
    host = await startLabHost({ kind: "vm", name: "uses" });
    stack = await LabStack.create(host, { program: programOf({}) });
  });
  after(async () => {
    stack?.remove();
    await host?.destroy();
  });

  /** Of the disks' files on this machine: an emulated processor takes half a minute for one. */
  const hashes = async () => {
    await host.succeed(`sync; for disk in ${host.disksById.join(" ")}; do blockdev --flushbufs $disk; done`);
    return run("sha256sum", host.diskFiles.slice(0, 2), { seconds: 120 });
  };
  const onDisks = (script: string) => host.succeed(`set -- ${host.disksById.join(" ")}\n${script}`);

  for (const use of uses) {
    it(`is refused: ${use.name}`, async () => {
      await onDisks(use.begin);
      try {
        const device = use.device === undefined ? host.disksById[0]! : `/dev/disk/by-id/${use.device}`;
        const type = (await blkid(host, device, "TYPE")) || (await blkid(host, device, "PTTYPE"));
        const uuid = (await blkid(host, device, "UUID")) || (await blkid(host, device, "PTUUID"));
        const before = await hashes();
        const fstab = await host.readFile("/etc/fstab");
        // Whoever consents to the loss of what is on it has not been asked about who uses it.
        for (const consent of type ? [{}, { consentToWipe: `${type} UUID=${uuid}` }] : [{}]) {
          stack.project.setProgram(programOf({ store: { mountPoint, device, ...consent } }));
          for (const failed of [await stack.failingPreview(), await stack.failingUp()]) {
            assert.match(errorsOf(failed).replace(/\s+/g, " "), use.says);
          }
        }
        await stack.destroy();
        assert.equal(await hashes(), before);
        assert.equal(await host.readFile("/etc/fstab"), fstab);
        await host.fail(`test -e ${mountPoint}`);
      } finally {
        await onDisks(`${use.end}; udevadm settle`);
        await onDisks("for disk in $1-part1 $1-part2 $1 $2; do [ ! -e $disk ] || wipefs --quiet --all $disk; done");
        await onDisks("blkdiscard -f $1; blkdiscard -f $2; partx --delete $1 2> /dev/null || :; udevadm settle");
      }
    });
  }
});
