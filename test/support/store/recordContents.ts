// node build/test/support/store/recordContents.js [NAME…]
//
// Makes, in an emulated machine, what can be on a disk and needs a kernel's driver or a tool that no other machine may be
// asked to have, and records the device's head and tail into test/fixtures/deviceContents/<name>.json. Needs root.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LabHost, startLabHost } from "../lab/labHost";
import { pack, type RecordedContent, recordedFolder } from "./recordedContent";

const array = (metadata: string) =>
  `mdadm --create /dev/md9 --run --force --quiet --level=1 --raid-devices=2 --metadata=${metadata} $1 missing
  udevadm settle; mdadm --quiet --stop /dev/md9`;
const luks = (version: number) =>
  `echo secret | cryptsetup luksFormat -q --type luks${version} --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - $1`;

/** Scripts in which `$1` is the device. */
const makers: Record<string, string> = {
  "md-0.90": array("0.90"),
  "md-1.0": array("1.0"),
  "md-1.1": array("1.1"),
  "md-1.2": array("1.2"),
  "lvm-with-volume": "vgcreate -q guests $1; lvcreate -q -y -n one -L 64M guests; vgchange -q -an guests",
  luks1: luks(1),
  luks2: luks(2),
  "bcache-backing": "make-bcache -B $1",
  "bcache-cache": "make-bcache -C $1",
  "drbd-8": "drbdmeta --force 0 v08 $1 internal create-md",
  "drbd-9": "drbdmeta --force 0 v09 $1 internal create-md 1",
  "dm-integrity": "integritysetup format -q --no-wipe $1",
  "dm-verity": "head -c 1M /dev/zero > /root/data; veritysetup format /root/data $1",
};

const mib = 340;
const headBytes = 32 * 1024;
const tailBytes = 256 * 1024;
const longestPiece = 8 * 1024;

/** Prints what is not zero in the head and the tail of a file, as a JSON object of places to base64. */
const dump = `
import base64, json, os, sys
found = {}
size = os.path.getsize(sys.argv[1])
with open(sys.argv[1], "rb") as file:
    for start, length in ((0, ${headBytes}), (size - ${tailBytes}, ${tailBytes})):
        file.seek(start)
        data = file.read(length)
        place = None
        for at in range(0, length, 512):
            sector = data[at:at + 512]
            if not any(sector):
                place = None
                continue
            if place is None:
                place = hex(start + at)
                found[place] = b""
            found[place] += sector
print(json.dumps({place: base64.b64encode(data).decode() for place, data in found.items()}))
`;

async function record(host: LabHost, make: string): Promise<RecordedContent> {
  const file = "/var/tmp/device";
  const disk = (await host.succeed(`truncate --size=${mib}M ${file}; losetup --find --show ${file}`)).trim();
  try {
    await host.succeed(`set -- ${disk}\n{ ${make}\n} > /dev/null`, { seconds: 120 });
    await host.succeed(`udevadm settle; sync; blockdev --flushbufs ${disk}`);
    const wipefs = await host.succeed(`wipefs --noheadings --output TYPE,OFFSET ${disk}`);
    const signatures = wipefs
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).join(" at "));
    await host.succeed("cat > /root/dump.py", { input: dump });
    const pieces = JSON.parse(await host.succeed(`python3 /root/dump.py ${file}`)) as Record<string, string>;
    const packed = Object.entries(pieces).map(([place, bytes]) => [place, pack(Buffer.from(bytes, "base64"))] as const);
    // What does not shrink is encrypted, and says nothing of what it is.
    const kept = packed.filter(([, bytes]) => bytes.length < longestPiece);
    return { mib, signatures, pieces: Object.fromEntries(kept) };
  } finally {
    // The kernel keeps what its drivers found on a device until they are told otherwise.
    await host.execute(`mdadm --quiet --stop /dev/md9; for stop in /sys/fs/bcache/*/stop /sys/block/bcache*/bcache/stop
      do [ -e $stop ] && echo 1 > $stop; done; sleep 1; losetup --detach ${disk}; rm -f ${file}`);
  }
}

async function main(names: string[]): Promise<void> {
  const host = await startLabHost({ kind: "vm", name: "contents" });
  try {
    mkdirSync(recordedFolder, { recursive: true });
    for (const name of names.length > 0 ? names : Object.keys(makers)) {
      const content = await record(host, makers[name] ?? "false");
      writeFileSync(join(recordedFolder, `${name}.json`), `${JSON.stringify(content, undefined, 2)}\n`);
      console.log(`${name}: ${content.signatures.join(", ")}`);
    }
  } finally {
    await host.destroy();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
