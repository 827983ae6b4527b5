import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import {
  applySplices,
  composeEdit,
  invertSplices,
  type SetResult,
  type Splice,
} from "../../../provider/core/files/edit";
import { fstabLine, parseFstab, setEntry, undoEntry } from "../../../provider/core/files/fstab";
import { parseOsloFile, setOption as setOslo, undoOption as undoOslo } from "../../../provider/core/files/osloConfig";
import { parseQemuConf, setOption as setQemu, undoOption as undoQemu } from "../../../provider/core/files/qemuConf";
import { fstabs } from "../libmount/generate";
import { configText } from "../oslo/generate";
import { goodTexts, texts } from "../virconf/generate";
import { type AnyTarget, target } from "./target";
import { damaged, odd } from "./texts";

const anyFile = fc.oneof(
  damaged(fc.oneof(configText(true), configText(false)), ["[", "]", "=", "\n", " "]),
  damaged(texts, ['"', "[", "]", "\n"]),
  damaged(fstabs, [" ", "\t", "\n", "/", "#"]),
  damaged(goodTexts, [...odd]),
);

/** Edits of the same text in each of the three languages; those that a file does not take are left out. */
function edits(text: string): { set: SetResult; undo: () => string }[] {
  const taken = (set: () => SetResult, undo: (result: SetResult) => string) => {
    try {
      const result = set();
      return [{ set: result, undo: () => (result.edit ? undo(result) : result.text) }];
    } catch (error) {
      assert.ok(error instanceof RangeError, error as Error);
      return [];
    }
  };
  const line = fstabLine("UUID=x", "/srv/a", "xfs", ["nofail"]);
  return [
    ...taken(
      () => setOslo(text, "/n", "libvirt", "file_backed_memory", "5"),
      ({ text, edit }) => undoOslo(text, edit!).text,
    ),
    ...taken(
      () => setQemu(text, "/q", "memory_backing_dir", "/x"),
      ({ text, edit }) => undoQemu(text, edit!).text,
    ),
    ...taken(
      () => setEntry(text, "/etc/fstab", "/srv/a", line),
      ({ text, edit }) => undoEntry(text, edit!).text,
    ),
  ];
}

const splices = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    insert: fc.string(),
  }),
  { maxLength: 5 },
);

/** What is true of every text of bytes, be it a file of that kind or not. */
export const fileTargets: AnyTarget[] = [
  target({
    name: "pieces",
    says: "any bytes are read in pieces that are the file again, each in its place",
    cases: anyFile,
    holds: (text: string, _, saw) => {
      const oslo = parseOsloFile("/n", text);
      const slice = ({ offset, length }: { offset: number; length: number }) => text.slice(offset, offset + length);
      assert.equal(oslo.pieces.map(slice).join(""), text);
      const qemu = parseQemuConf("/q", text);
      const placed = [
        ...qemu.settings,
        ...parseFstab(text),
        ...oslo.pieces.filter((piece) => piece.kind === "assignment"),
      ];
      for (const each of placed) {
        assert.ok(/^(\r\n|\r|\n|)$/.test(slice(each).slice(each.raw.length)) && slice(each).startsWith(each.raw));
      }
      for (const { valueStart, valueEnd, offset, raw } of qemu.settings) {
        assert.ok(offset <= valueStart && valueStart < valueEnd && valueEnd <= offset + raw.length);
      }
      if (oslo.failure && qemu.failure) saw("refused");
      if (placed.length > 0) saw("read");
    },
    mustSee: ["refused", "read"],
    runs: { sample: 500, full: 10_000 },
  }),
  target({
    name: "edits",
    says: "an edit of any bytes is one place in them, is not made twice, and taking it back leaves them as they were",
    cases: anyFile,
    holds: (text: string, _, saw) => {
      for (const { set, undo } of edits(text)) {
        assert.equal(applySplices(text, set.splices), set.text);
        assert.ok(set.splices.length <= 1);
        assert.equal(undo(), text);
        if (!set.edit) continue;
        saw(set.edit.before === null ? "added" : "replaced");
        const composed = composeEdit(undefined, set.edit);
        if (composed) assert.deepEqual(composed, { ...set.edit, ours: [...new Set(set.edit.ours)] });
        for (const again of edits(set.text)) if (again.set.edit?.option === set.edit.option) assert.fail("made twice");
      }
    },
    mustSee: ["added", "replaced"],
    runs: { sample: 500, full: 10_000 },
  }),
  target({
    name: "splices",
    says: "splices are taken back by their inverse",
    cases: fc.tuple(fc.string(), splices),
    holds: ([text, changes]: [string, { at: number; share: number; insert: string }[]]) => {
      let now = text;
      const list: Splice[] = changes.map(({ at, share, insert }) => {
        const offset = Math.floor(at * now.length);
        const length = Math.floor(share * (now.length - offset));
        now = applySplices(now, [{ offset, length, insert }]);
        return { offset, length, insert };
      });
      assert.equal(applySplices(text, list), now);
      assert.equal(applySplices(now, invertSplices(text, list)), text);
    },
    runs: { sample: 500, full: 10_000 },
  }),
];
