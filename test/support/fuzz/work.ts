import * as fc from "fast-check";
import { parseFacts } from "../../../provider/core/facts/hostFacts";
import type { OptionEdit } from "../../../provider/core/files/edit";
import { fstabLine, parseFstab, setEntry, undoEntry } from "../../../provider/core/files/fstab";
import {
  parseDictionary,
  parseFloat as parseFloatingPoint,
  parseInteger,
  parseList,
  parseOsloFile,
  setOption as setOslo,
  undoOption as undoOslo,
} from "../../../provider/core/files/osloConfig";
import { interpolate } from "../../../provider/core/files/osloInterpolate";
import { parseQemuConf, setOption as setQemu, undoOption as undoQemu } from "../../../provider/core/files/qemuConf";
import { mountUnit } from "../../../provider/core/host/units";
import { isStableName } from "../../../provider/core/kinds/deviceName";
import { parseReservation } from "../../../provider/core/kinds/pageReservations";
import { ApplyLogReader, novaSentence } from "../../../provider/core/plan/applyLog";
import { sanitize } from "../../../provider/core/readable";
import { parseSize } from "../../../provider/core/size";
import { readVersion } from "../../../provider/core/transport/clientVersion";
import { beginLine, endMark, FrameParser } from "../../../provider/core/transport/frame";
import { isHostKey } from "../../../provider/core/transport/hostKeys";
import { assertProportional } from "./growth";
import { nonce, pieces as outputPieces, outputWith } from "./host/output";
import { type AnyTarget, target } from "./target";
import { odd } from "./texts";

interface TextReader {
  read: (text: string) => void;
  /** What its texts are made of. */
  pieces: readonly string[];
}

const iniPieces = [
  "[",
  "]",
  "[libvirt]\n",
  "a",
  "=",
  ":",
  "a = b\n",
  " more\n",
  "\n",
  " ",
  "#",
  "file_backed_memory = 5\n",
  "$",
  "${",
  "}",
];
const qemuPieces = [
  "a",
  "=",
  '"',
  "'",
  '"""',
  "[",
  "]",
  ",",
  ";",
  "#",
  "\n",
  " ",
  "1",
  'a="b"\n',
  'a="b";',
  "memory_backing_dir",
  "#memory_backing_dir =",
];
const fstabPieces = [
  " ",
  "\t",
  "/srv/a",
  "/",
  "x",
  ",",
  '"',
  "#",
  "\\040",
  "UUID=1 /srv/a xfs ro 0 0\n",
  "\n",
  "0",
  ".",
];
const novaPieces = [
  "Error",
  "Exception",
  "A",
  ": ",
  " ",
  ".",
  "\n",
  "ERROR",
  "[",
  "]",
  "2026-11-21 17:00:00.123 4711 ",
];
const namePieces = [
  "/",
  "dev",
  "disk/by-id/",
  "a",
  "-",
  ".",
  "+",
  "md/",
  "ssh-ed25519 ",
  "AAAA",
  "=",
  " ",
  "\n",
  "@cert-authority ",
];

const asFacts = (name: string) => (text: string) => void parseFacts("host", nonce, outputWith({ [name]: text }));

/** Each part of an answer on its own: a repeated piece then stays in it. */
const factNames = [
  ...[
    "system",
    "units",
    "versions",
    "meminfo",
    "mounts",
    "statfs",
    "guest-digest",
    "guest-memory",
    "applies",
    "tools",
    "nova-process",
  ],
  ...[
    "nova-environment",
    "nova-home",
    "guest /run/libvirt/qemu/a.xml",
    "file /etc/default/nova-compute",
    "device /dev/sdb",
  ],
  ...["directory /srv/a", "file /var/lib/hostmem/pending.json"],
  ...["numa", "huge-pages", "transparent-huge-pages", "hugetlbfs", "huge-page-holders", "huge-page-setters"],
  ...["pmem-regions", "pmem-namespaces", "pmem-list", "pmem-users"],
];

/** An edit that may have to be looked for in what others made of a file. */
const ours: OptionEdit = {
  ...{ path: "/x", section: "", option: "", before: null, siblings: [], addedSection: true, addedNewline: true },
  ...{ ours: ["file_backed_memory = 5", 'a = "/x"', "UUID=1 /srv/a xfs ro 0 0"], lastLine: { text: "x", count: 1 } },
};

const readers: Record<string, TextReader> = {
  "nova.conf": { read: (text) => parseOsloFile("/n", text), pieces: iniPieces },
  "nova.conf, edited": {
    read: (text) => setOslo(`[libvirt]\n${text}`, "/n", "libvirt", "file_backed_memory", "7"),
    pieces: iniPieces,
  },
  "an interpolated value": { read: (text) => interpolate(text, "DEFAULT", {}, () => undefined), pieces: iniPieces },
  "an option's value": {
    read: (text) => [parseInteger(text), parseFloatingPoint(text), parseList(text), parseDictionary(text)],
    pieces: [..."0123+-._e,: \t", "a:", "inf", "\xc2\xa0"],
  },
  "qemu.conf": { read: (text) => parseQemuConf("/q", text), pieces: qemuPieces },
  "qemu.conf, edited": { read: (text) => setQemu(text, "/q", "memory_backing_dir", "/x"), pieces: qemuPieces },
  "nova.conf, taken back": {
    read: (text) => undoOslo(text, { ...ours, section: "libvirt", option: "file_backed_memory" }),
    pieces: [...iniPieces, ours.ours[0]!, "\n"],
  },
  "qemu.conf, taken back": {
    read: (text) => undoQemu(text, { ...ours, option: "a" }),
    pieces: [...qemuPieces, 'a = "/x"\n'],
  },
  "fstab, taken back": {
    read: (text) => undoEntry(text, { ...ours, option: "/srv/a" }),
    pieces: fstabPieces,
  },
  fstab: { read: parseFstab, pieces: fstabPieces },
  "fstab, edited": {
    read: (text) => setEntry(text, "/etc/fstab", "/srv/a", fstabLine("UUID=2", "/srv/a", "xfs", ["ro"])),
    pieces: fstabPieces,
  },
  "an answer": { read: (text) => parseFacts("host", nonce, outputWith({}) + text), pieces: outputPieces },
  ...Object.fromEntries(factNames.map((name) => [name, { read: asFacts(name), pieces: outputPieces.slice(2) }])),
  "the log of an apply": {
    read: (text) => new ApplyLogReader(nonce, () => {}).push(text),
    pieces: [`\n${nonce} `, "log ", "kept ", "QUFB", "\n", "finished "],
  },
  "the log of an apply, in small pieces": {
    read: (text) => {
      const reader = new ApplyLogReader(nonce, () => {});
      for (let at = 0; at < text.length; at += 50) reader.push(text.slice(at, at + 50));
    },
    pieces: [`\n${nonce} `, "kept ", "x"],
  },
  "Nova's log": { read: novaSentence, pieces: novaPieces },
  "a frame": {
    read: (text) => {
      const parser = new FrameParser(nonce);
      for (let at = 0; at < text.length; at += 50) parser.add(Buffer.from(text.slice(at, at + 50), "latin1"));
    },
    pieces: [beginLine(nonce), endMark(nonce), "1", "\n", "hostmem ", nonce],
  },
  "text to show": {
    read: sanitize,
    pieces: ["\x1b[", "\x1b]", "\x1b", "\x07", "0", ";", "m", "\u009b", "\r", "\n", " "],
  },
  "a size": { read: parseSize, pieces: ["1", ".", " ", "0", "MiB", "\t"] },
  "a reservation of pages": { read: parseReservation, pieces: ["node:", "size:", "count:", "1", "GiB", ",", " "] },
  "ssh's version": { read: readVersion, pieces: ["OpenSSH_", "for_Windows_", "9", "."] },
  "a host key": { read: isHostKey, pieces: namePieces },
  "a device's name": { read: isStableName, pieces: namePieces },
  "a mount point": { read: mountUnit, pieces: namePieces },
};

const parts = fc.constantFrom(...Object.entries(readers)).chain(([name, { pieces }]) => {
  const some = (minLength: number) =>
    fc
      .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...pieces) }, fc.constantFrom(...odd)), {
        minLength,
        maxLength: 3,
      })
      .map((all) => all.join(""));
  return fc.record({ name: fc.constant(name), before: some(0), repeated: some(1), after: some(0) });
});

/** What is true of the work that a text makes. */
export const workTargets: AnyTarget[] = [
  target({
    name: "work",
    says: "twice the text is about twice the work, for every reader, whatever is repeated in the text",
    cases: parts,
    holds: ({ name, before, repeated, after }: { name: string; before: string; repeated: string; after: string }) => {
      const pump = (length: number) =>
        before + repeated.repeat(Math.max(1, Math.ceil(length / repeated.length))) + after;
      assertProportional(readers[name]!.read, pump);
    },
    runs: { sample: 60, full: 2_000 },
  }),
];
