import { strict as assert } from "node:assert";
import { installOnMachine } from "../support/machinePackages";
import { keepSome, sampled } from "../support/sampled";
import { contents, contentTools } from "../support/store/contents";
import { callLibrary, readDevice } from "../support/store/hostLibrary";
import { LoopDisk, onDisk } from "../support/store/loopDisk";
import { readRecorded, writePieces } from "../support/store/recordedContent";
import { beginTrial } from "../support/trials";
import { assertRefused, assertSaid, preview, sizeMib, tidy, uuid } from "./support/storeOnDisk";

/** What a refusal calls what was recorded; a UUID is `…`. */
const recordedSaid: Record<string, string> = {
  "bcache-backing": "it holds bcache UUID=…",
  "bcache-cache": "it holds bcache UUID=…",
  "dm-integrity": "it holds DM_integrity sha256:…",
  "dm-verity": "it holds DM_verity_hash UUID=…",
  "drbd-8": "it holds drbd sha256:…",
  "drbd-9": "it holds drbd sha256:…",
  luks1: "it holds crypto_LUKS UUID=…",
  luks2: "it holds crypto_LUKS UUID=…",
  "lvm-with-volume": "it holds LVM2_member UUID=…",
  "md-0.90": "it holds linux_raid_member UUID=…",
  "md-1.0": "it holds linux_raid_member UUID=…",
  "md-1.1": "it holds linux_raid_member UUID=…",
  "md-1.2": "it holds linux_raid_member UUID=…",
  zfs: "it holds zfs_member UUID=…",
};

/** What is on a disk with the very same on it, that somebody else made. */
function ofAnotherDisk(signature: string): string {
  const other = signature.replace(/(UUID=|sha256:)([\w-]*)(\w)/, (_, kind, most, last) => {
    return `${kind}${most}${last === "0" ? "1" : "0"}`;
  });
  assert.notEqual(other, signature);
  return other;
}

describe("a disk with something on it", function () {
  this.timeout(240_000);
  let disk: LoopDisk;
  before(() => installOnMachine(contentTools));
  beforeEach(() => {
    disk = LoopDisk.make(sizeMib);
  });
  afterEach(() => disk.remove());

  /** Puts something on the disk, and then asks for a store there: without a consent, with another disk's, with the right one. */
  function assertGuarded(name: string, put: () => void, said: string): void {
    const prove = beginTrial("contents of a disk", name, [
      "refused",
      "refused with another disk's consent",
      "unchanged",
      "wiped by its own consent alone",
    ]);
    put();
    const signature = readDevice(disk.device).device.content ?? "";
    const lost = tidy(signature, disk);
    const before = disk.hash();
    assertSaid(disk, `DISK is not blank: ${said}. To lose it, say consentToWipe: "${lost}"`);
    prove("refused");
    const other = ofAnotherDisk(signature);
    const mismatch = `consentToWipe names "${lost}", which is something else; to lose what is there, say "${lost}"`;
    assertSaid(disk, `DISK is not blank: ${said}. ${mismatch}`, { consentToWipe: other }, other);
    prove("refused with another disk's consent");
    assert.equal(disk.hash(), before);
    prove("unchanged");
    assert.deepEqual(preview(disk.device, { consentToWipe: signature }).said, []);
    const made = callLibrary("make_file_system", "xfs", disk.device, uuid, signature);
    assert.equal(made.ok, true, made.output);
    assert.equal(readDevice(disk.device).device.content, `xfs UUID=${uuid}`);
    assert.equal(onDisk("blkid -p -o value -s UUID $1", disk.device).trim(), uuid);
    prove("wiped by its own consent alone");
  }

  for (const [name, { make, said }] of sampled("contents of a disk", Object.entries(contents), 3)) {
    it(`with ${name} on it is refused, and formatted with exactly the consent that the refusal asks for`, () => {
      assertGuarded(name, () => onDisk(make, disk.device), said);
    });
  }

  for (const [name, content] of sampled("recorded contents of a disk", [...readRecorded()], 2)) {
    it(`with a recorded ${name} on it is refused, and formatted with exactly the consent that the refusal asks for`, () => {
      assert.equal(content.mib, sizeMib);
      assertGuarded(
        `recorded ${name}`,
        () => {
          writePieces(content.pieces, disk.device);
          const seen = onDisk("wipefs --noheadings --output TYPE,OFFSET $1", disk.device).trim().split("\n");
          assert.deepEqual(
            seen.map((line) => line.trim().split(/\s+/).join(" at ")),
            content.signatures,
          );
        },
        recordedSaid[name] ?? "nothing",
      );
    });
  }

  it("with content that no tool knows is not blank, and a consent names that very content", () => {
    onDisk("head -c 65536 /dev/urandom | dd of=$1 bs=4096 seek=3 conv=notrunc status=none", disk.device);
    const [, content = ""] = /To lose it, say consentToWipe: "(.*)"$/.exec(preview(disk.device).said[0] ?? "") ?? [];
    assert.match(content, /^unknown content sha256:[0-9a-f]{16}$/);
    assertRefused(
      disk,
      `DISK is not blank: it holds unknown content sha256:…. To lose it, say consentToWipe: "unknown content sha256:…"`,
    );
    onDisk("head -c 65536 /dev/urandom | dd of=$1 bs=4096 seek=3 conv=notrunc status=none", disk.device);
    const other = 'consentToWipe names "unknown content sha256:…", which is something else; to lose what is there, say';
    assertRefused(
      disk,
      `DISK is not blank: it holds unknown content sha256:…. ${other} "unknown content sha256:…"`,
      { consentToWipe: content },
      content,
    );
  });

  it("with content that no tool knows anywhere beyond its beginning is not blank, on a part of it neither", () => {
    const random = (mib: number, at: number) =>
      onDisk(
        `head -c ${mib}M /dev/urandom | dd of=$1 bs=1M seek=${at} conv=notrunc status=none iflag=fullblock`,
        disk.device,
      );
    for (const [mib, at] of [
      [100, 8],
      [3, 170],
      [3, 330],
    ] as const) {
      random(mib, at);
      const said = "DISK is not blank: it holds unknown content sha256:…";
      if (mib === 100) assertRefused(disk, `${said}. To lose it, say consentToWipe: "unknown content sha256:…"`);
      const first = readDevice(disk.device).device.content;
      random(mib, at);
      assert.notEqual(readDevice(disk.device).device.content, first);
      onDisk("blkdiscard -f $1", disk.device);
      assert.equal(readDevice(disk.device).device.content, undefined);
    }
    onDisk("printf 'label: gpt\nsize=100M\nsize=100M\n' | sfdisk -q --no-reread --no-tell-kernel $1", disk.device);
    random(3, 150);
    assert.match(
      readDevice(disk.device).device.content ?? "",
      /^gpt UUID=\S+ \(1: empty, 2: unknown content sha256:[0-9a-f]{16}\)$/,
    );
  });

  it("whose partition table is given up is not formatted over what came into its partitions since", () => {
    onDisk("printf 'label: gpt\nsize=100M\nsize=100M\n' | sfdisk -q --no-reread --no-tell-kernel $1", disk.device);
    const consent = readDevice(disk.device).device.content ?? "";
    assert.match(consent, /^gpt UUID=\S+ \(1: empty, 2: empty\)$/);
    assert.deepEqual(preview(disk.device, { consentToWipe: consent }).said, []);
    onDisk(
      "f=$(mktemp); mkfs.ext4 -q $f 100M; dd if=$f of=$1 bs=1M seek=1 conv=notrunc,sparse status=none; rm $f",
      disk.device,
    );
    const before = disk.hash();
    assert.match(
      callLibrary("make_file_system", "xfs", disk.device, uuid, consent).failed,
      / \(1: ext4 UUID=\S+, 2: empty\), and not gpt/,
    );
    assert.match(
      preview(disk.device, { consentToWipe: consent }).said.join(),
      /\(1: ext4 UUID=\S+, 2: empty\)\. consentToWipe names/,
    );
    assert.equal(disk.hash(), before);
  });

  it("with a partition table beside a file system is not given up by the name of the file system alone", () => {
    onDisk(
      "mkfs.ext4 -q $1; printf 'label: dos\nsize=100M\n' | sfdisk -q --wipe never --no-reread --no-tell-kernel $1",
      disk.device,
    );
    const content = readDevice(disk.device).device.content ?? "";
    assert.match(content, /^ext4 UUID=\S+, dos UUID=\S+ \(1: /);
    const consentToWipe = content.split(",")[0]!;
    const before = disk.hash();
    assert.match(
      preview(disk.device, { consentToWipe }).said.join(),
      /which is something else; to lose what is there, say "[^"]*"$/,
    );
    assert.equal(callLibrary("make_file_system", "xfs", disk.device, uuid, consentToWipe).ok, false);
    assert.equal(disk.hash(), before);
  });

  keepSome(this, "unknown and changed contents of a disk", 1, this.tests.slice(-4));
});
