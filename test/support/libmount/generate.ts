import * as fc from "fast-check";
import { noise } from "../fuzz/texts";

const word = fc.string({ unit: fc.constantFrom(..."abXY09-_.=:%@+~"), minLength: 1, maxLength: 8 });
const escaped = fc.string({
  unit: fc.constantFrom(..."ab09/#", "\\040", "\\011", "\\134", "\\043", "\\", "\\777", "\\08", "\xa0", "\r"),
  minLength: 1,
  maxLength: 6,
});
const source = fc.oneof(
  word.map((text) => `/dev/${text}`),
  word.map((text) => `UUID=${text}`),
  word.map((text) => `LABEL=${text}`),
  fc.constantFrom("tmpfs", "none", "nas:/export", "//nas/export", "user#me@nas:/x", 'LABEL="a"'),
);
const slashes = fc.constantFrom("/", "/", "//", "///", "\\057");
const ending = fc.constantFrom("", "", "/", "//", "/\\057");
/** Dots as names are read by what is on this machine. */
const name = word.filter((text) => !/^\.{1,2}$/.test(text));
const target = fc.oneof(
  fc.tuple(slashes, name, ending).map((parts) => parts.join("")),
  // Few of them, so that a file has several entries for the same one.
  fc.tuple(slashes, fc.constant("srv"), slashes, fc.constantFrom("a", "b"), ending).map((parts) => parts.join("")),
  escaped.map((text) => `/srv${text}`),
  fc.constantFrom("none", "swap"),
);
const options = fc.oneof(
  fc.constantFrom(
    "defaults",
    "ro",
    "nofail,x-systemd.device-timeout=90s,noatime",
    "rw,user=a\\040b",
    "defaults,",
    ",ro,,",
  ),
  fc.constantFrom('context="a:b,c,nofail",ro', "gid=5,mode=620,password=", '"', 'a=","', "a\\,b", "ro,\\054nofail"),
);
const gap = fc.constantFrom(" ", "\t", "  ", " \t ");
const numbers = fc.constantFrom(
  ...["", "", " 0", " 0 2", "\t1\t1", " 0 0\r", "\r", " 0 1 # a comment", " # a comment", " 0 # a comment", " 0\xa0"],
  ...[" -1 +2", " x", " 0 x", " 1x 2", " 99999999999999999999", " 99999999999999999999 1", " 0 99999999999999999999 y"],
  ...[" number of fields", " \v1 1", " 0x1", " 0 0 0 0 0"],
);
const line = fc
  .tuple(source, target, fc.constantFrom("xfs", "ext4", "auto", "nfs", "udf,iso9660"), options, gap, numbers, gap)
  .map(([from, to, type, chosen, blank, rest, end]) => [from, to, type, chosen].join(blank) + rest + end);
const short = fc
  .tuple(source, target, fc.constantFrom("", " xfs", " xfs "))
  .map(([from, to, rest]) => `${from} ${to}${rest}`);
const other = fc.constantFrom(
  "",
  "  ",
  "# comment",
  "\t# UUID=x /srv xfs defaults 0 0",
  "#",
  "word",
  "a\0b /srv xfs ro",
);
const indent = fc.constantFrom("", "", "", "  ", "\t", "\v");

/** Files of fstab(5), with lines that are not. */
export const fstabs: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        fc.array(fc.tuple(indent, fc.oneof({ weight: 6, arbitrary: line }, short, other)), { maxLength: 6 }),
        fc.constantFrom("\n", "\n", "\r\n"),
        fc.boolean(),
      )
      .map(([lines, eol, final]) => lines.map((each) => each.join("")).join(eol) + (final ? eol : "")),
  },
  noise([" ", "\t", "\n", "/", "a", "UUID=", "/srv", "xfs", "ro", ",", "0", "#", "\\040", "\\"], 30).filter(
    (text) => !/\/\.{1,2}(?=[/\s\\]|$)/.test(text),
  ),
);

/** Mount points as a user may want them. */
export const wantedPoints: fc.Arbitrary<string> = fc.oneof(
  fc
    .string({ unit: fc.constantFrom(..."ab09 #.-%\\\t", "\xc3\xa0"), minLength: 1, maxLength: 8 })
    .map((text) => `/srv/${text}x`),
  fc.constantFrom("/srv/a", "/srv/b"),
);

/** A mount as the kernel knows it, names in bytes. */
export interface Mount {
  point: string;
  source: string;
  type: string;
  device: string;
  root: string;
  options: string;
  optional: string[];
}

const anyByte = fc.oneof(
  fc.constantFrom(...'ab019 \t\n\\#-:=.,"', "\r", "\v", "\f", "\x85", "\xa0", "\xff", "\x1b"),
  fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
);
const path = fc
  .array(
    anyByte.filter((each) => each !== "/"),
    { minLength: 1, maxLength: 6 },
  )
  .map((each) => `/${each.join("")}`);
const fields = fc.constantFrom("shared:1", "master:22", "propagate_from:3", "unbindable", "a:-", "-:a");

export const mounts: fc.Arbitrary<Mount[]> = fc.array(
  fc.record({
    point: fc.oneof(
      path,
      fc.tuple(path, path).map((parts) => parts.join("")),
      fc.constant("/"),
    ),
    source: fc.oneof(fc.constantFrom("/dev/sda1", "tmpfs", "none", "-", ""), path),
    type: fc.constantFrom("xfs", "ext4", "tmpfs", "fuse.x", "nfs4"),
    device: fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 70_000 })).map(([major, minor]) => `${major}:${minor}`),
    root: fc.constantFrom("/", "/sub", "/a - b"),
    options: fc.constantFrom("rw", "rw,relatime", "ro,context=a\\040b"),
    optional: fc.array(fields, { maxLength: 3 }),
  }),
  { maxLength: 6 },
);

/** The kernel's table (fs/proc_namespace.c): blanks, ends of lines, backslashes and # in octal. */
export function mountinfo(all: readonly Mount[]): string {
  const octal = (text: string) =>
    text.replace(/[ \t\n\\#]/g, (each) => `\\${each.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return all
    .map(({ point, source, type, device, root, options, optional }, index) => {
      const before = [index + 20, 1, device, octal(root), octal(point), options, ...optional];
      return `${before.join(" ")} - ${type} ${octal(source)} ${options}\n`;
    })
    .join("");
}
