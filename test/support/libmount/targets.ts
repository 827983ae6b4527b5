import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { parseFileSystems } from "../../../provider/core/facts/fileSystems";
import { Sections } from "../../../provider/core/facts/sections";
import { textOf } from "../../../provider/core/files/bytes";
import { fstabLine, parseFstab, setEntry, undoEntry } from "../../../provider/core/files/fstab";
import { type AnyTarget, target } from "../fuzz/target";
import { fstabs, type Mount, mountinfo, mounts, wantedPoints } from "./generate";
import { type Mounted, MountOracle } from "./oracle";

/** Without the mount point, which libmount gives as it is written: whether it is the same one is asked by its name. */
type Listed = Pick<Mounted, "source" | "fstype" | "optionList">;

function theirs({ source, fstype, options, optionList }: Mounted): Listed {
  return { source, fstype, optionList: options === null ? ["defaults"] : optionList };
}

function ours(text: string, mountPoint?: string): Listed[] {
  return parseFstab(text)
    .filter((entry) => mountPoint === undefined || entry.mountPoint === mountPoint)
    .map(({ source, type, options }) => ({ source, fstype: type, optionList: options }));
}

/** Lists that libmount itself refuses are left as they are; there is no right way to read them. */
function isReadable(entries: readonly Mounted[]): boolean {
  return entries.every(({ optionList }) => optionList !== null);
}

/** What is true of fstab and of the kernel's mount table, with libmount (and for our own lines systemd's reader) as the judge. */
export const mountTargets: AnyTarget[] = [
  target({
    name: "fstab-read",
    says: "libmount reads an fstab as we do",
    cases: fstabs,
    start: MountOracle.start,
    holds: async (text: string, mount: MountOracle, saw) => {
      const points = [...new Set(parseFstab(text).map((entry) => entry.mountPoint))];
      const { libmount } = await mount.fstab(text, points);
      if (!isReadable(libmount)) return saw("refused options");
      assert.deepEqual(ours(text), libmount.map(theirs));
      for (const point of points) {
        assert.deepEqual(ours(text, point), libmount.filter(({ at }) => at.includes(point)).map(theirs), point);
      }
      const lines = text.split("\n").filter((line) => /^[ \t]*[^ \t#]/.test(line)).length;
      if (libmount.length > 0) saw("entry");
      if (lines > libmount.length) saw("line that is passed over");
      if (points.length < libmount.length) saw("mount point twice");
      if (libmount.some(({ options }) => options === null)) saw("no options");
    },
    mustSee: ["entry", "line that is passed over", "mount point twice", "no options", "refused options"],
    runs: { sample: 1_000, full: 20_000 },
  }),
  target({
    name: "fstab-edit",
    says: "an fstab with an entry of ours says to libmount and to systemd what it shall say, to libmount all else as before, and undo gives the former bytes",
    cases: fc.tuple(fstabs, wantedPoints),
    start: MountOracle.start,
    holds: async ([text, point]: [string, string], mount: MountOracle, saw) => {
      // What libmount makes of a last line with a NUL depends on whether it is the last.
      if (/\0[^\n]*$/.test(text)) return;
      const line = fstabLine("UUID=ours", point, "xfs", ["nofail", "noatime"]);
      const set = setEntry(text, "/etc/fstab", point, line);
      const before = (await mount.fstab(text, [point])).libmount;
      const { libmount: after, libc } = await mount.fstab(set.text, [point]);
      const there = (entries: Mounted[]) => entries.filter(({ at }) => at.length > 0);
      const elsewhere = (entries: Mounted[]) => entries.filter(({ at }) => at.length === 0);
      assert.deepEqual(elsewhere(after), elsewhere(before));
      // Of several entries there the last one becomes ours.
      assert.deepEqual(there(after).slice(0, -1), there(before).slice(0, -1));
      const { source, target, fstype, options } = there(after).at(-1)!;
      const wanted = { source: "UUID=ours", target: point, fstype: "xfs", options: "nofail,noatime" };
      assert.deepEqual({ source, target, fstype, options }, wanted);
      // getmntent(3) ends a file at its first NUL or so; mount points with one cannot be.
      if (!text.includes("\0"))
        assert.ok(
          libc.some((entry) => JSON.stringify(entry) === JSON.stringify(wanted)),
          "systemd",
        );
      saw(there(before).length > 0 ? "replaced" : "added");
      if (set.edit) assert.equal(undoEntry(set.text, set.edit).text, text);
      if (set.edit?.addedNewline) saw("line ending added");
    },
    mustSee: ["replaced", "added", "line ending added"],
    runs: { sample: 1_000, full: 20_000 },
  }),
  target({
    name: "mountinfo",
    says: "libmount reads the kernel's mount table as we do",
    cases: mounts,
    start: MountOracle.start,
    holds: async (all: Mount[], mount: MountOracle, saw) => {
      const table = mountinfo(all);
      // A name with an end of line cannot be told from two lines in what stat prints; such a mount is not looked at.
      const plain = all.filter(({ point }) => !point.includes("\n"));
      const statfs = plain.map(({ point }) => `4096 10 5 - 7 ${point}\n`).join("");
      const sections = Sections.parse("host", "n", `\nn mounts\n${table}\nn statfs\n${statfs}\nn end\n`);
      const found = parseFileSystems(sections).map(({ source, mountPoint, type, device }) => [
        source,
        mountPoint,
        type,
        device,
      ]);
      const known = (await mount.mountinfo(table)).filter(({ target }) => !target.includes("\n"));
      assert.deepEqual(
        found,
        known.map(({ source, target, fstype, device }) => [source, textOf(target), fstype, device]),
      );
      if (all.some(({ optional }) => optional.length > 0)) saw("optional fields");
      if (all.some(({ source }) => source === "")) saw("no source");
      if (all.some(({ point }) => /[ \\]\d/.test(point))) saw("digit behind an escape");
    },
    mustSee: ["optional fields", "no source", "digit behind an escape"],
    runs: { sample: 1_000, full: 20_000 },
  }),
];
