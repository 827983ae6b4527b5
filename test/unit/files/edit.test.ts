import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  applySplices,
  composeEdit,
  invertSplices,
  type OptionEdit,
  type Splice,
  takeOver,
} from "../../../provider/core/files/edit";

const edit: OptionEdit = {
  path: "/etc/nova/nova.conf",
  section: "libvirt",
  option: "file_backed_memory",
  before: "file_backed_memory = 0",
  ours: ["file_backed_memory = 1024"],
  siblings: [],
  addedSection: false,
  addedNewline: false,
};

/** A text and splices that fit it one after the other. */
const spliced = fc
  .tuple(fc.string(), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string({ maxLength: 5 })), { maxLength: 5 }))
  .map(([text, raw]) => {
    const splices: Splice[] = [];
    let now = text;
    for (const [at, size, insert] of raw) {
      const offset = at % (now.length + 1);
      splices.push({ offset, length: size % (now.length - offset + 1), insert });
      now = applySplices(now, splices.slice(-1));
    }
    return { text, splices, now };
  });

describe("splices", () => {
  it("apply one after the other, each to the text the one before left", () => {
    const splices = [
      { offset: 0, length: 1, insert: "xyz" },
      { offset: 2, length: 1, insert: "" },
    ];
    assert.equal(applySplices("abc", splices), "xybc");
  });

  it("are undone exactly by their inverse", () => {
    fc.assert(
      fc.property(spliced, ({ text, splices, now }) => {
        assert.equal(applySplices(text, splices), now);
        assert.equal(applySplices(now, invertSplices(text, splices)), text);
      }),
    );
  });

  it("that do not fit the text are refused", () => {
    assert.throws(() => applySplices("abc", [{ offset: 2, length: 2, insert: "" }]), /2 bytes at 2 in a text of 3/);
    assert.throws(() => applySplices("abc", [{ offset: -1, length: 0, insert: "" }]), RangeError);
  });
});

describe("two edits of one option", () => {
  const next = {
    ...edit,
    before: "file_backed_memory = 1024",
    ours: ["file_backed_memory = 2048"],
    addedNewline: true,
  };

  it("keep what was there first and remember all that was written, the newest first", () => {
    const composed = composeEdit(edit, next);
    assert.deepEqual(composed, {
      ...edit,
      ours: ["file_backed_memory = 2048", "file_backed_memory = 1024"],
      addedNewline: true,
    });
  });

  it("leave nothing to remember when the option is back at what it was", () => {
    assert.equal(composeEdit(edit, { ...next, ours: ["file_backed_memory = 0"] }), undefined);
    assert.equal(composeEdit(undefined, { ...edit, ours: [edit.before!] }), undefined);
  });

  it("are as the one edit if there was none before, and if it comes twice", () => {
    assert.deepEqual(composeEdit(undefined, edit), edit);
    assert.deepEqual(composeEdit(edit, edit), edit);
  });

  it("of different options cannot be combined", () => {
    assert.throws(
      () => composeEdit(edit, { ...next, section: "DEFAULT" }),
      /\[libvirt\] file_backed_memory.*\[DEFAULT\]/,
    );
    assert.throws(() => composeEdit(edit, { ...next, path: "/other" }), RangeError);
  });

  it("combine the same in whichever grouping", () => {
    const change = fc.record({
      before: fc.constantFrom(null, "x = 0"),
      ours: fc.array(fc.constantFrom("x = 1", "x = 2", "x = 3"), { minLength: 1 }),
    });
    fc.assert(
      fc.property(change, change, change, (a, b, c) => {
        const [one, two, three] = [a, b, c].map((each) => ({ ...edit, ...each })) as [
          OptionEdit,
          OptionEdit,
          OptionEdit,
        ];
        const left = composeEdit(composeEdit(one, two), three);
        const right = composeEdit(one, composeEdit(two, three)!);
        assert.deepEqual(left, right);
        assert.equal(left?.ours[0], three.ours[0]);
        assert.equal(left?.before, one.before);
        assert.equal(new Set(left?.ours).size, left?.ours.length);
      }),
    );
  });
});

describe("what an undone edit had to leave", () => {
  const left = { path: edit.path, section: "libvirt", addedSection: true, addedNewline: true };

  it("becomes the care of an edit that added a line to that section", () => {
    const remaining = { ...edit, before: null };
    assert.deepEqual(takeOver(remaining, left), { ...remaining, addedSection: true, addedNewline: true });
  });

  it("leaves a header to nobody from another section, but the line ending", () => {
    const remaining = { ...edit, before: null, section: "DEFAULT" };
    assert.deepEqual(takeOver(remaining, left), { ...remaining, addedNewline: true });
  });

  it("is nothing to an edit of another file", () => {
    const remaining = { ...edit, before: null, path: "/other" };
    assert.deepEqual(takeOver(remaining, left), remaining);
  });
});
