import { strict as assert } from "node:assert";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { fstabLine, parseFstab, setEntry } from "../../provider/core/files/fstab";

const seed = Number(process.env["HOSTMEM_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = process.env["HOSTMEM_TEST_FULL"] ? 2_000 : 200;

interface Entry {
  source: string;
  target: string;
  fstype: string;
  options: string;
}

/** What libmount, which mount(8) and systemd read fstab with, sees in a file, or in it at one mount point. */
function libmount(text: string, mountPoint?: string): Entry[] {
  const folder = mkdtempSync(join(tmpdir(), "hostmem-fstab-"));
  try {
    const file = join(folder, "fstab");
    writeFileSync(file, text, "latin1");
    const columns = "SOURCE,TARGET,FSTYPE,OPTIONS";
    const args = ["--fstab", "--tab-file", file, "--json", "--list", "--output", columns];
    if (mountPoint !== undefined) args.push("--mountpoint", mountPoint);
    const done = spawnSync("findmnt", args, { encoding: "latin1" });
    if (done.stdout.trim() === "") return [];
    return (JSON.parse(done.stdout) as { filesystems: Entry[] }).filesystems;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What it sees in a file at a mount point, and everywhere else. */
function apart(text: string, mountPoint: string): { there: Entry[]; elsewhere: Entry[] } {
  const there = libmount(text, mountPoint);
  const targets = new Set(there.map((entry) => entry.target));
  return { there, elsewhere: libmount(text).filter((entry) => !targets.has(entry.target)) };
}

/** Without the mount point, which findmnt lists as it is written: whether it is the same one is asked by its name. */
type Listed = Omit<Entry, "target">;

function listed({ source, fstype, options }: Entry): Listed {
  return { source, fstype, options };
}

function ours(text: string, mountPoint?: string): Listed[] {
  return parseFstab(text)
    .filter((entry) => mountPoint === undefined || entry.mountPoint === mountPoint)
    .map(({ source, type, options }) => ({ source, fstype: type, options: options.join(",") }));
}

const word = fc.string({ unit: fc.constantFrom(..."abXY09-_.=:%@+~"), minLength: 1, maxLength: 8 });
const escaped = fc.string({
  unit: fc.constantFrom(..."ab09/#", "\\040", "\\011", "\\134", "\\043", "\\"),
  minLength: 1,
  maxLength: 6,
});
const source = fc.oneof(
  word.map((text) => `/dev/${text}`),
  word.map((text) => `UUID=${text}`),
  word.map((text) => `LABEL=${text}`),
  fc.constantFrom("tmpfs", "none", "nas:/export"),
);
const slashes = fc.constantFrom("/", "/", "//", "///", "\\057");
const ending = fc.constantFrom("", "", "/", "//", "/\\057");
const target = fc.oneof(
  // Dots as names are read by what is on this machine.
  fc
    .tuple(
      slashes,
      word.filter((text) => !/^\.{1,2}$/.test(text)),
      ending,
    )
    .map((parts) => parts.join("")),
  // Few of them, so that a file has several entries for the same one.
  fc.tuple(slashes, fc.constant("srv"), slashes, fc.constantFrom("a", "b"), ending).map((parts) => parts.join("")),
  escaped.map((text) => `/srv${text}`),
);
const options = fc.constantFrom("defaults", "ro", "nofail,x-systemd.device-timeout=30s,noatime", "rw,user=a\\040b");
const gap = fc.constantFrom(" ", "\t", "  ", " \t ");
const line = fc
  .tuple(
    source,
    target,
    fc.constantFrom("xfs", "ext4", "auto", "nfs"),
    options,
    gap,
    fc.constantFrom("", " 0", " 0 2", "\t1\t1", " 0 0\r", "\r"),
    fc.constantFrom("", "  ", "\t"),
  )
  .map(([from, to, type, chosen, blank, rest, indent]) => indent + [from, to, type, chosen].join(blank) + rest);
const other = fc.constantFrom("", "  ", "# comment", "\t# UUID=x /srv xfs defaults 0 0", "#");
const file = fc
  .tuple(fc.array(fc.oneof({ weight: 3, arbitrary: line }, other), { maxLength: 6 }), fc.constantFrom("", "\n"))
  .map(([lines, end]) => lines.join("\n") + end)
  .map((text) => (text.endsWith("\r") ? `${text}\n` : text));

describe(`fstab, seed ${seed}, ${numRuns} runs`, function () {
  this.timeout(0);
  before(() => {
    // Without it no answer would look like an empty file.
    execFileSync("findmnt", ["--version"]);
    assert.deepEqual(libmount("UUID=1 /srv xfs ro 0 0\n"), [
      { source: "UUID=1", target: "/srv", fstype: "xfs", options: "ro" },
    ]);
  });

  it("is read as libmount reads it", () => {
    fc.assert(
      fc.property(file, (text) => {
        assert.deepEqual(ours(text), libmount(text).map(listed));
        for (const mountPoint of new Set(parseFstab(text).map((entry) => entry.mountPoint))) {
          assert.deepEqual(ours(text, mountPoint), libmount(text, mountPoint).map(listed), mountPoint);
        }
      }),
      { numRuns, seed },
    );
  });

  it("with an entry of ours says to libmount what it shall say, and the rest as before", () => {
    const path = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."ab09 #.-%"), minLength: 1, maxLength: 8 }).map((text) => `/srv/${text}x`),
      fc.constantFrom("/srv/a", "/srv/b"),
    );
    fc.assert(
      fc.property(file, path, (text, mountPoint) => {
        const ourLine = fstabLine("UUID=ours", mountPoint, "xfs", ["nofail", "noatime"]);
        const before = apart(text, mountPoint);
        const after = apart(setEntry(text, "/etc/fstab", mountPoint, ourLine).text, mountPoint);
        const mine = { source: "UUID=ours", target: mountPoint, fstype: "xfs", options: "nofail,noatime" };
        // Of several entries there the last one becomes ours.
        assert.deepEqual(after, { there: [...before.there.slice(0, -1), mine], elsewhere: before.elsewhere });
      }),
      { numRuns, seed },
    );
  });
});
