import * as fc from "fast-check";
import { bytes, noise, odd } from "../fuzz/texts";
import type { OsloRequest } from "./oracle";

/** Options that exist beside Nova's own in the generated hosts, all strings. */
export const otherOptions: [string, string][] = [
  ["DEFAULT", "my_ip"],
  ["DEFAULT", "state_path"],
  ["libvirt", "cpu_mode"],
  ["compute", "cpu_shared_set"],
];

/** Every option that is read back. */
export const allOptions: [string, string][] = [
  ["DEFAULT", "ram_allocation_ratio"],
  ["DEFAULT", "reserved_host_memory_mb"],
  ["DEFAULT", "reserved_huge_pages"],
  ["libvirt", "file_backed_memory"],
  ["libvirt", "virt_type"],
  ["libvirt", "pmem_namespaces"],
  ...otherOptions,
];

const noBreak = bytes("\u00a0");
const byteOrderMark = bytes("\ufeff");
const badByte = "bad \xff byte = 1";

const number = fc.oneof(
  fc.constantFrom(
    "0",
    "1",
    "1024",
    "1_024",
    "007",
    "+5",
    "-5",
    "1048576",
    "",
    "1.0",
    "1e3",
    "1024 # x",
    "1 TiB",
    "0x10",
  ),
  fc.constantFrom("1__0", "_1", '"64"', "' 64 '", '"64', '"', "nan", "-inf", ".5", "5.", "1.5", "1_0.0_1", "$", "$$5"),
  fc.constantFrom("$file_backed_memory", "${libvirt.file_backed_memory}", "$reserved_host_memory_mb", "$nowhere"),
);
const words = fc.oneof(
  fc.constantFrom(
    "kvm",
    "qemu",
    "KVM",
    "a b",
    "a=b:c",
    "x,y,,",
    " , ",
    "'quoted'",
    '"q',
    "\\$my_ip",
    "$$my_ip",
    "50$",
    "$5",
  ),
  fc.constantFrom("$my_ip", "${my_ip}", "$my_ip.", "${DEFAULT.my_ip}", "$libvirt.cpu_mode/x", "$ram_allocation_ratio"),
  fc.constantFrom(
    "${libvirt.cpu_mode}",
    "$cpu_mode",
    "$state_path/y",
    "${nowhere.x}",
    "$libvirt",
    `${noBreak}z${noBreak}`,
  ),
  fc.constantFrom(bytes("grün"), "a#b", "a ; b", "6GB:ns0|ns1,LARGE:ns2"),
);
const pages = fc.constantFrom(
  "node:0,size:2048,count:64",
  "node:1,size:1GB,count:1",
  "node:0",
  "x",
  "a,b:1",
  "a:1,a:2",
  ":1",
  "",
);

const assignment = fc
  .record({
    option: fc.constantFrom(
      ...allOptions.map(([, option]) => option),
      "file_backed_memory",
      "reserved_huge_pages",
      "File_Backed_Memory",
      "file-backed-memory",
      bytes("schlüssel"),
    ),
    separator: fc.constantFrom(" = ", "=", " =", "= ", ": ", ":", " : ", "\t=\t", " =\x0b", `${noBreak}= `),
    number,
    words,
    pages,
    tail: fc.constantFrom("", "", "", " ", "\t", "\x0c", noBreak),
    continuation: fc.constantFrom([], [], [], [], ["  5"], ["\tfile_backed_memory = 3", "  # c"], [" x \x0b"]),
  })
  .map((parts) => {
    const isNumber = /memory|ratio/i.test(parts.option);
    const value = parts.option === "reserved_huge_pages" ? parts.pages : isNumber ? parts.number : parts.words;
    return [`${parts.option}${parts.separator}${value}${parts.tail}`, ...parts.continuation];
  });

const filler = fc.constantFrom(
  ["# a comment"],
  [";file_backed_memory = 5"],
  ["#  file_backed_memory = 0"],
  [""],
  ["   "],
  ["\t"],
  [noBreak],
);

const header = fc.constantFrom(
  "[DEFAULT]",
  "[DEFAULT]",
  "[libvirt]",
  "[libvirt]",
  "[LIBVIRT]",
  "[Libvirt]  ",
  "[default]",
  "[ libvirt ]",
  "[compute]",
  "[a]b]",
  bytes("[ÄÖ]"),
  bytes("[äö]"),
);

const section = fc
  .tuple(
    header,
    fc.array(fc.oneof({ weight: 3, arbitrary: assignment }, { weight: 1, arbitrary: filler }), { maxLength: 5 }),
  )
  .map(([first, rest]) => [first, ...rest.flat()]);

const breakage = fc.constantFrom(
  "nonsense",
  "= 3",
  ": x",
  "[unterminated",
  "[]",
  "[libvirt] # c",
  "  indented",
  badByte,
  "early = 1",
  "\x0bodd = 1",
  `${noBreak}odd = 1`,
);

/** The text of one file. A file that is not to be `broken` is one that oslo.config accepts. */
export function configText(broken: boolean): fc.Arbitrary<string> {
  return fc
    .record({
      top: fc.array(filler, { maxLength: 2 }),
      sections: fc.array(section, { maxLength: 4 }),
      breakage: fc.tuple(fc.oneof({ weight: 3, arbitrary: breakage }, fc.constant(badByte)), fc.nat({ max: 6 })),
      mark: fc.nat({ max: 3 }),
      ending: fc.constantFrom("\n", "\n", "\n", "\r\n", "\r\n", "\r"),
      otherEnding: fc.constantFrom("\n", "\r\n"),
      mixed: fc.nat({ max: 9 }),
      final: fc.boolean(),
    })
    .map((parts) => {
      const lines = [...parts.top.flat(), ...parts.sections.flat()];
      const [line, at] = parts.breakage;
      const marked = broken && parts.mark === 0;
      if (broken && !marked) lines.splice(at, 0, line);
      if (marked) lines[0] = byteOrderMark + (lines[0] ?? "");
      const text = lines
        .map((each, index) => each + (index === parts.mixed ? parts.otherEnding : parts.ending))
        .join("");
      return parts.final ? text : text.replace(/(\r\n|\r|\n)$/, "");
    });
}

/** Any text of what the files are made of: every rule of theirs, broken in every way. */
const anything = noise(
  [
    ...["[", "]", "[DEFAULT]\n", "[libvirt]\n", "a", "=", ":", " = ", "file_backed_memory = 5\n", " more", "\n "],
    ...odd,
  ],
  30,
);

const home = "/var/lib/nova";
const places = [
  `${home}/.nova/nova.conf`,
  `${home}/nova.conf`,
  "/etc/nova/nova-compute.conf",
  "/etc/nova.conf",
  "/etc/nova/nova.conf.d/9.conf",
  "/etc/nova/nova.conf.d/10.conf",
  "/etc/nova/nova.conf.d/.hidden.conf",
  "/etc/nova/nova.conf.d/notes.txt",
  "/etc/nova/nova-compute.conf.d/a.conf",
  "/etc/extra/b.conf",
  "/etc/extra/a.conf",
  "/srv/one.conf",
];

const argument = fc.oneof(
  fc.constantFrom(
    ["--config-file", "/etc/nova/nova.conf"],
    ["--config-file=/etc/nova/nova.conf"],
    ["--config-file=/srv/one.conf"],
  ),
  fc.constantFrom(["--config-dir", "/etc/extra"], ["--config-dir=/etc/extra/"], ["--config-f", "/etc/nova/nova.conf"]),
  fc.constantFrom(
    ["--config-file", "etc/nova/../nova/nova.conf"],
    ["--config-file=~/nova.conf"],
    ["--config-d=/etc/extra"],
  ),
  fc.constantFrom(["--config-file"], ["--config-file", "/etc/nova/missing.conf"], ["--config-dir", "/nowhere"]),
);

/** A host: what files there are, how the service is started, and its environment. */
export const host: fc.Arbitrary<OsloRequest> = fc
  .record({
    main: fc.oneof({ weight: 9, arbitrary: configText(false) }, { weight: 3, arbitrary: configText(true) }, anything),
    paths: fc.subarray(places, { maxLength: 4 }),
    texts: fc.array(configText(false), { minLength: 4, maxLength: 4 }),
    args: fc.array(argument, { maxLength: 2 }),
    hasArgs: fc.boolean(),
    environment: fc.dictionary(
      fc.constantFrom(
        "OS_LIBVIRT__FILE_BACKED_MEMORY",
        "OS_DEFAULT__RESERVED_HUGE_PAGES",
        "OS_DEFAULT__MY_IP",
        "OS_LIBVIRT__file_backed_memory",
        "OS_COMPUTE__CPU_SHARED_SET",
      ),
      fc.constantFrom("77", "", " 5 ", "$my_ip", "node:0", "x,y"),
      { maxKeys: 2 },
    ),
    hasEnvironment: fc.boolean(),
  })
  .map((parts) => ({
    files: {
      "/etc/nova/nova.conf": parts.main,
      ...Object.fromEntries(parts.paths.map((path, index) => [path, parts.texts[index]!])),
    },
    args: parts.hasArgs ? parts.args.flat() : [],
    environment: { HOME: home, ...(parts.hasEnvironment ? parts.environment : {}) },
    strings: otherOptions,
    read: allOptions,
  }));
