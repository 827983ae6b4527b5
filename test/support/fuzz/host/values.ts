import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import semver from "semver";
import { HostError } from "../../../../provider/core/errors";
import { parseFacts } from "../../../../provider/core/facts/hostFacts";
import { whatIsOn, whoUses } from "../../../../provider/core/kinds/deviceContent";
import { isStableName } from "../../../../provider/core/kinds/deviceName";
import { formatMib, formatSize, parseSize, toMib } from "../../../../provider/core/size";
import { readVersion } from "../../../../provider/core/transport/clientVersion";
import { isHostKey } from "../../../../provider/core/transport/hostKeys";
import { lacking, minimums } from "../../../../provider/core/versions";
import { type AnyTarget, target } from "../target";
import { noise } from "../texts";
import { nonce, outputWith } from "./output";

const part = fc.oneof(fc.nat({ max: 30 }), fc.constantFrom(2 ** 31, 2 ** 53));
const version = fc.tuple(part, part, part).map((parts) => parts.join("."));
const suffix = fc.constantFrom("", "-4+deb12u2", " (Debian 1:7.2+dfsg-7)", ".dev3", "rc1", " (252.38-1~deb12u1)");

const sizes = fc.oneof(
  noise([..."0123456789. ", "KiB", "MiB", "GiB", "TiB", "GB", "e3", "-"], 8),
  fc
    .tuple(fc.nat(), fc.constantFrom("", ".5", ".25", ".000", ".1"), fc.constantFrom("KiB", " MiB", " GiB", "TiB"))
    .map((p) => p.join("")),
  fc.oneof(fc.nat(), fc.double()),
);

/** A byte as lsblk(8) --raw writes it. */
const rawByte = (each: string) =>
  /[!-[\]-~]/.test(each) ? each : `\\x${each.charCodeAt(0).toString(16).padStart(2, "0")}`;

const name = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'ab01 \\\t#x"', "\xc3", "\xa0", "\r"),
      fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((all) => `/${all.filter((each) => each !== "\0").join("")}`);

/** What is true of values that a host or a user writes. */
export const valueTargets: AnyTarget[] = [
  target({
    name: "size",
    says: "a size is refused with a sentence, or is exactly what it says in whole numbers, and reads back as it is shown",
    cases: sizes,
    holds: (input: string | number, _, saw) => {
      let bytes: number;
      try {
        bytes = parseSize(input).bytes;
      } catch (error) {
        assert.ok(error instanceof RangeError, error as Error);
        return saw("refused");
      }
      saw("read");
      const [, whole, fraction = "", unit] = /^\s*(\d+)\.?(\d*)\s*([KMGT])iB\s*$/.exec(
        typeof input === "number" ? `${BigInt(input)}MiB` : input,
      )!;
      const scale = 1024n ** BigInt("KMGT".indexOf(unit!) + 1);
      assert.equal(BigInt(bytes) * 10n ** BigInt(fraction.length), BigInt(`${whole}${fraction}`) * scale);
      if (Number.isInteger(bytes / 2 ** 20)) assert.deepEqual(parseSize(formatMib(toMib({ bytes }))), { bytes });
      else if (bytes % 1024 === 0) assert.deepEqual(parseSize(formatSize({ bytes })), { bytes });
    },
    mustSee: ["read", "refused"],
    runs: { sample: 1_000, full: 20_000 },
  }),
  target({
    name: "versions",
    says: "a version is read as it stands, whatever a distribution writes behind it, and anything else is no version",
    cases: fc.tuple(version, suffix, noise(["libvirt ", "qemu ", "9.0.0", "\n", "nova "], 8)),
    holds: ([wanted, behind, rest]: [string, string, string], _, saw) => {
      const text = (lines: string) => parseFacts("host", nonce, outputWith({ versions: lines })).versions;
      const found = text(`libvirt libvirtd (libvirt) ${wanted}${behind}\nnova ${wanted}${behind}\nkernel ${wanted}\n`);
      const expected = semver.valid(wanted) ?? undefined;
      if (expected) assert.deepEqual([found.libvirt, found.nova, found.kernel], [expected, expected, expected]);
      saw(expected ? "version" : "none");
      const odd = text(rest);
      for (const each of Object.values(odd)) assert.ok(each === undefined || semver.valid(each), each);
      lacking(minimums.fileBackedMemory, odd);
      assert.ok(readVersion(`OpenSSH_${rest}`) > 0 || /OpenSSH_(for_Windows_)?0/.test(`OpenSSH_${rest}`));
    },
    mustSee: ["version", "none"],
    runs: { sample: 500, full: 10_000 },
  }),
  target({
    name: "block-device",
    says: "a device's mount points and content are what lsblk and blkid print of them, byte by byte",
    cases: fc.record({
      mounts: fc.array(name, { maxLength: 3 }),
      label: name,
      holders: fc.uniqueArray(fc.constantFrom("dm-0", "md1"), { maxLength: 2 }),
    }),
    holds: ({ mounts, label, holders }: { mounts: string[]; label: string; holders: string[] }, _, saw) => {
      const lines = [
        ...["real /dev/sdb", "number 8:16", "size 1024", "readonly 0", ...holders.map((each) => `holder ${each}`)],
        ...mounts.map((each) => `mount ${[...each].map(rawByte).join("")}`),
        ...[`blkid LABEL=${label.replace(/[\n\r]/g, "")}`, "blkid TYPE=xfs", `content xfs ${label.replace(/\n/g, "")}`],
      ];
      const facts = parseFacts("host", nonce, outputWith({ "device /dev/sdb": `${lines.join("\n")}\n` }));
      const device = facts.devices.get("/dev/sdb")!;
      assert.deepEqual(device.mountPoints, [...new Set(mounts)]);
      assert.deepEqual(device.holders, holders);
      assert.equal(device.content, `xfs ${label.replace(/\n/g, "")}`);
      assert.equal(device.signature["LABEL"], label.replace(/[\n\r]/g, ""));
      assert.equal(whoUses(device) === undefined, mounts.length + holders.length === 0);
      assert.ok(whatIsOn(device));
      if (mounts.some((mount) => /[^!-~]/.test(mount))) saw("odd byte");
    },
    mustSee: ["odd byte"],
    runs: { sample: 500, full: 10_000 },
  }),
  target({
    name: "names-and-keys",
    says: "any text is a stable name or none, a host key or none",
    cases: noise(
      [
        "/dev/",
        "disk/by-id/",
        "UUID=",
        "/",
        "md/",
        "sda",
        "ssh-ed25519 ",
        "AAAAC3NzaC1lZDI1NTE5AAAAI",
        "@cert-authority ",
        "*",
        "\n",
      ],
      12,
    ),
    holds: (text: string) => {
      assert.equal(typeof isStableName(text), "boolean");
      assert.equal(typeof isHostKey(text), "boolean");
      assert.throws(() => parseFacts("host", nonce, text), HostError);
    },
    runs: { sample: 500, full: 10_000 },
  }),
];
