import { strict as assert } from "node:assert";
import { storeLibrary } from "../../provider/core/host/storeLibrary";
import type { LabHost } from "../support/lab/labHost";
import { sampled } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { cleanMachine } from "./support/cleanMachine";
import { ProvidedStore } from "./support/providedStore";
import { hashOf } from "./support/storeState";

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
  /** What the host's own check says, which looks once more under the lock. */
  saysHost: RegExp;
}

const twoParts = "printf 'label: gpt\\nsize=100M\\nsize=600M\\n' | sfdisk -q $1; udevadm settle";
const busy = / is in use: it cannot be opened exclusively \(Device or resource busy\)$/;

const uses: Use[] = [
  {
    name: "a disk that has a mounted partition",
    begin: `${twoParts}; mkfs.ext4 -q $1-part2; mount -o ro $1-part2 /opt`,
    end: "umount /opt",
    says: /is in use: it is mounted at \/opt\. It is left alone/,
    saysHost: / is mounted$/,
  },
  {
    name: "a disk of a running md array",
    begin: `mdadm --create /dev/md9 --run --quiet --level=1 --raid-devices=2 --metadata=1.2 --assume-clean $1 $2
      udevadm settle; mdadm --quiet --readonly /dev/md9`,
    end: "mdadm --quiet --stop /dev/md9",
    says: /is in use: md9 is on it\. It is left alone/,
    saysHost: busy,
  },
  {
    name: "a disk with a device mapped onto it, blank as it is",
    begin: "dmsetup create lab --table '0 2048 linear '$1' 0'; udevadm settle",
    end: "dmsetup remove lab",
    says: /is in use: dm-0 is on it\. It is left alone/,
    saysHost: busy,
  },
  {
    name: "a disk of an active volume group",
    begin: "vgcreate -q guests $1; lvcreate -q -y -W n -n one -L 64M guests; udevadm settle",
    end: "vgchange -q -a n guests",
    says: /is in use: dm-0 is on it\. It is left alone/,
    saysHost: busy,
  },
  {
    name: "a disk with an open LUKS volume",
    begin: `echo secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - $1
      echo secret | cryptsetup open --key-file - $1 secret; udevadm settle`,
    end: "cryptsetup close secret",
    says: /is in use: dm-0 is on it\. It is left alone/,
    saysHost: busy,
  },
  {
    name: "a disk that a program has for itself",
    begin: `python3 -c 'import os, sys, time; os.open(sys.argv[1], os.O_EXCL); print(flush=True); time.sleep(3600)' $1 \
        > /run/held 2>&1 &
      echo $! > /run/holder; until [ -s /run/held ]; do sleep 0.1; done`,
    end: "kill $(cat /run/holder); rm /run/holder /run/held",
    says: /is in use: it cannot be opened exclusively \(Device or resource busy\)\. It is left alone/,
    saysHost: busy,
  },
  {
    name: "a disk that a program has open, as QEMU has those of its guests",
    begin: `python3 -c 'import os, sys, time; os.open(sys.argv[1], os.O_RDWR); print(flush=True); time.sleep(3600)' $1 \
        > /run/held 2>&1 &
      echo $! > /run/holder; until [ -s /run/held ]; do sleep 0.1; done`,
    end: "kill $(cat /run/holder); rm /run/holder /run/held",
    says: /is in use: python3 \(pid \d+\) has it open\. It is left alone/,
    saysHost: / is in use: python3 \(pid \d+\) has it open$/,
  },
  {
    name: "a disk that is swap",
    begin: "mkswap -q $1; swapon $1",
    end: "swapoff $1",
    says: /is in use: it is swap\. It is left alone/,
    saysHost: / is mounted$/,
  },
  {
    name: "a disk that is read-only",
    begin: "blockdev --setro $1",
    end: "blockdev --setrw $1",
    says: /is read-only/,
    saysHost: / is read-only$/,
  },
  {
    name: "a partition that is too small",
    device: "virtio-HOSTMEM_LAB_0001-part1",
    begin: twoParts,
    end: ":",
    says: /has 100 MiB; a store needs 320 MiB/,
    saysHost: /must be larger than 300MB/,
  },
  {
    name: "the root disk",
    device: "virtio-HOSTMEM_LAB_ROOT",
    begin: ":",
    end: ":",
    says: /is in use: it is mounted at \/\. It is left alone/,
    saysHost: / is mounted$/,
  },
];

describe("a store on a disk that its host uses", function () {
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

  const onDisks = (script: string) => host.succeed(`set -- ${host.disksById.join(" ")}\n${script}`, { seconds: 300 });

  /** Calls a function of the library that applies are written in, as an apply does under its lock; prints what it says. */
  const ask = (call: string) =>
    host.execute(`event() { echo "$*"; }\n${storeLibrary}\n${call} 2>&1`.replaceAll("\r", ""), { seconds: 300 });

  /** Empty for a device with nothing on it. */
  const contentOf = async (device: string) =>
    (await ask(`content_of "$(readlink -f ${device})"`)).stdout.replace(/^content /, "").trim();

  /** The root disk is written to all the time; who made its file system, and when, stays. */
  const identities = async () => [
    await hashOf(host, host.disksById[0]!),
    await hashOf(host, host.disksById[1]!),
    await host.succeed(
      "dumpe2fs -h /dev/vda 2> /dev/null | grep -E '^Filesystem (UUID|created|volume name)|^Block count'",
    ),
  ];

  for (const use of sampled("disks in use", uses, 1)) {
    it(`is refused: ${use.name}`, async () => {
      const prove = beginTrial("disks in use", use.name, ["refused at preview", "refused at apply", "unchanged"]);
      const fstab = await host.readFile("/etc/fstab");
      const store = await ProvidedStore.of(host);
      try {
        await onDisks(use.begin);
        const device = use.device === undefined ? host.disksById[0]! : `/dev/disk/by-id/${use.device}`;
        const content = await contentOf(device);
        const before = await identities();
        // Whoever consents to the loss of what is on it has not been asked about who uses it.
        const consents: { consentToWipe?: string }[] = content === "" ? [{}] : [{}, { consentToWipe: content }];
        for (const consent of consents) {
          assert.match((await store.preview({ mountPoint, device, ...consent })).refused, use.says);
        }
        prove("refused at preview");
        // What a preview from before somebody took the disk had left for the apply.
        const plan = [`format ${device} as xfs, 883 MiB usable`];
        const consent = consents.at(-1)!;
        assert.match((await store.create({ mountPoint, device, ...consent, plan })).refused, use.says);
        const consented = `'${consent.consentToWipe ?? ""}'`;
        const made = await ask(`make_file_system xfs ${device} 11111111-2222-5333-8444-555555555555 ${consented}`);
        assert.notEqual(made.exitCode, 0);
        assert.match(made.stdout.trim(), use.saysHost);
        prove("refused at apply");
        assert.deepEqual(await identities(), before);
        assert.equal(await host.readFile("/etc/fstab"), fstab);
        await host.fail(`test -e ${mountPoint}`);
        prove("unchanged");
      } finally {
        await store.stop();
        // Where that fails, the machine is found not to be as it was, and is thrown away.
        await onDisks(`${use.end}; udevadm settle
          for disk in $1-part1 $1-part2 $1 $2; do [ ! -e $disk ] || wipefs --quiet --all $disk; done
          blkdiscard -f $1; blkdiscard -f $2; partx --delete $1 2> /dev/null || :; udevadm settle`).catch(() => {});
      }
    });
  }
});
