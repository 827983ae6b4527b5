import assert from "node:assert/strict";
import * as fc from "fast-check";
import { composeEdit, type OptionEdit, takeOver } from "../../../provider/core/files/edit";
import { effective, parseOsloFile, setOption, undoOption } from "../../../provider/core/files/osloConfig";
import { configText } from "../../support/oslo/generate";

const path = "/etc/nova/nova.conf";
const set = (text: string, value = "1024", option = "memory", section = "libvirt") =>
  setOption(text, path, section, option, value);

describe("setting an option", () => {
  const cases: [string, string, string][] = [
    [
      "replaces the last assignment of the section in its own style",
      "[a]\nx=1\n[Libvirt]\nmemory=1\nmemory:  2 \n[b]\n",
      "[a]\nx=1\n[Libvirt]\nmemory=1\nmemory:  1024\n[b]\n",
    ],
    ["replaces continuation lines with it", "[libvirt]\nmemory = 1\n  2\n# c\n", "[libvirt]\nmemory = 1024\n# c\n"],
    [
      "writes a blank after a separator that has one only before it",
      "[libvirt]\nmemory =\n",
      "[libvirt]\nmemory = 1024\n",
    ],
    [
      "inserts after the first header of the section",
      "[libvirt]\n# c\nx = 1\n[libvirt]\n",
      "[libvirt]\nmemory = 1024\n# c\nx = 1\n[libvirt]\n",
    ],
    ["appends a section that is missing", "[DEFAULT]\nx = 1\n", "[DEFAULT]\nx = 1\n[libvirt]\nmemory = 1024\n"],
    [
      "ends the last line before it appends",
      "[DEFAULT]\r\nx = 1",
      "[DEFAULT]\r\nx = 1\r\n[libvirt]\r\nmemory = 1024\r\n",
    ],
    ["ends a header that ends the file", "[libvirt]", "[libvirt]\nmemory = 1024\n"],
    ["uses the line ending of the header", "[a]\n[libvirt]\r\n", "[a]\n[libvirt]\r\nmemory = 1024\r\n"],
    ["fills an empty file", "", "[libvirt]\nmemory = 1024\n"],
    ["leaves a missing final line ending alone when it replaces", "[libvirt]\nmemory = 1", "[libvirt]\nmemory = 1024"],
  ];
  for (const [name, before, after] of cases) {
    it(name, () => {
      const result = set(before);
      assert.equal(result.text, after);
      assert.equal(undoOption(result.text, result.edit!).text, before);
    });
  }

  it("does nothing when the file says so already", () => {
    for (const text of ["[libvirt]\nmemory:1024\n", '[libvirt]\nmemory = "1024"\n']) {
      assert.deepEqual(set(text), { splices: [], text, edit: undefined });
    }
  });

  it("writes the line ending it is told to", () => {
    assert.equal(setOption("", path, "a", "b", "c", "\r\n").text, "[a]\r\nb = c\r\n");
  });

  it("escapes dollars and quotes what would lose blanks or quotes", () => {
    for (const value of ["$x ${y} $$", " blanks ", "'quoted'", '"', '""', "a\xc2\xa0", "", "a=b:c#d;"]) {
      const file = parseOsloFile(path, set("[libvirt]\n", value).text);
      assert.equal(effective([file], "libvirt", "memory")?.value, value);
    }
  });

  it("refuses what oslo.config could not read back", () => {
    for (const value of ["a\nb", "a\rb", "\0", "\\$x", "\xe4", "\u20ac"]) {
      assert.throws(() => set("", value), RangeError, JSON.stringify(value));
    }
    assert.throws(() => set("", "1", "a b"), /no option name/);
    assert.throws(() => set("", "1", "a", "b]"), /no section name/);
  });

  it("refuses a file that oslo.config refuses", () => {
    assert.throws(() => set("[a]\n\n  x\n"), /nova\.conf is not a file that oslo.config reads: line 3, Unexpected/);
  });

  it("touches one range only, and is undone exactly, whatever the file", () => {
    fc.assert(
      fc.property(configText(false), fc.constantFrom("libvirt", "DEFAULT", "new"), (before, section) => {
        const { text, edit, splices } = set(before, "1", "file_backed_memory", section);
        if (!edit) return;
        assert.equal(splices.length, 1);
        const { offset, length, insert } = splices[0]!;
        assert.equal(text, before.slice(0, offset) + insert + before.slice(offset + length));
        assert.equal(undoOption(text, edit).text, before);
        assert.equal(undoOption(before, edit).outcome, "already");
      }),
    );
  });
});

describe("taking an edit back", () => {
  const replaced = set("[libvirt]\nmemory = 0\nx = 1\n");
  const added = set("[libvirt]\nx = 1\n");
  const appended = set("[DEFAULT]\nx = 1\n");

  it("finds the line wherever it went, in whatever line ending", () => {
    const moved = "# new\r\n[libvirt]\r\nx = 1\r\ny = 2\r\nmemory = 1024\r\n";
    assert.equal(undoOption(moved, replaced.edit!).text, moved.replace("1024", "0"));
    assert.equal(undoOption(moved, added.edit!).text, moved.replace("memory = 1024\r\n", ""));
  });

  it("knows an older text of ours, which a cut apply may have left", () => {
    const second = set(replaced.text, "2048");
    const edit = composeEdit(replaced.edit, second.edit!)!;
    assert.equal(undoOption(replaced.text, edit).text, "[libvirt]\nmemory = 0\nx = 1\n");
    assert.equal(undoOption(second.text, edit).text, "[libvirt]\nmemory = 0\nx = 1\n");
  });

  it("leaves and reports a line that others changed", () => {
    const text = replaced.text.replace("1024", "4096");
    assert.deepEqual(undoOption(text, replaced.edit!), {
      splices: [],
      text,
      outcome: "changed",
      found: "memory = 4096",
    });
    const continued = added.text.replace("1024", "1024\n  5");
    assert.equal(undoOption(continued, added.edit!).outcome, "changed");
  });

  it("reports a replaced line that others removed, and is content with an added one that they removed", () => {
    const text = "[libvirt]\nx = 1\n";
    assert.deepEqual(undoOption(text, replaced.edit!), { splices: [], text, outcome: "changed" });
    assert.equal(undoOption(text, added.edit!).outcome, "already");
  });

  it("takes ours out of the way of a later line of somebody else's, which stays", () => {
    const text = `${added.text}memory = 5\n`;
    const undone = undoOption(text, added.edit!);
    assert.deepEqual(
      [undone.outcome, undone.found, undone.text],
      ["restored", "memory = 5", "[libvirt]\nx = 1\nmemory = 5\n"],
    );
  });

  it("does not take another's line for ours that says the same", () => {
    const { text, edit } = set("[libvirt]\nmemory = 1024\nmemory = 0\n");
    assert.equal(text, "[libvirt]\nmemory = 1024\nmemory = 1024\n");
    assert.equal(undoOption(text, edit!).text, "[libvirt]\nmemory = 1024\nmemory = 0\n");
    const changed = text.replace(/1024\n$/, "7\n");
    assert.deepEqual(undoOption(changed, edit!).outcome, "changed");
  });

  it("leaves the header that we added if others put something under it", () => {
    const text = `${appended.text}theirs = 1\n`;
    const undone = undoOption(text, appended.edit!);
    assert.equal(undone.text, "[DEFAULT]\nx = 1\n[libvirt]\ntheirs = 1\n");
    assert.deepEqual(undone.left, { path, section: "libvirt", addedSection: true, addedNewline: false });
  });

  it("removes the header that we added if only other sections follow", () => {
    assert.equal(
      undoOption(`${appended.text}\n[theirs]\ny = 1\n`, appended.edit!).text,
      "[DEFAULT]\nx = 1\n\n[theirs]\ny = 1\n",
    );
  });

  it("leaves the line ending that we added if others wrote on", () => {
    const { text, edit } = set("[DEFAULT]\nx = 1");
    assert.equal(undoOption(`${text}[theirs]\n`, edit!).text, "[DEFAULT]\nx = 1\n[theirs]\n");
  });

  it("works in a file that others broke", () => {
    const text = `word\n${replaced.text}`;
    assert.equal(undoOption(text, replaced.edit!).text, "word\n[libvirt]\nmemory = 0\nx = 1\n");
  });

  it("gives the original bytes after any edits in any order, if the remaining ones take over what is left", () => {
    const place = fc.constantFrom<[string, string]>(
      ["libvirt", "file_backed_memory"],
      ["libvirt", "free"],
      ["new", "a"],
      ["new", "b"],
      ["DEFAULT", "ram_allocation_ratio"],
    );
    const steps = fc.array(fc.tuple(place, fc.constantFrom("1", "2", " 3 ")), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(configText(false), steps, fc.infiniteStream(fc.nat()), (before, changes, order) => {
        let text = before;
        let edits: OptionEdit[] = [];
        for (const [[section, option], value] of changes) {
          const done = set(text, value, option, section);
          text = done.text;
          if (!done.edit) continue;
          const existing = edits.find((each) => each.section === section && each.option === option);
          const composed = composeEdit(existing, done.edit);
          edits = [...edits.filter((each) => each !== existing), ...(composed ? [composed] : [])];
        }
        while (edits.length > 0) {
          const [edit] = edits.splice(order.next().value % edits.length, 1) as [OptionEdit];
          const undone = undoOption(text, edit);
          text = undone.text;
          if (undone.left) edits = edits.map((each) => takeOver(each, undone.left!));
        }
        assert.equal(text, before);
      }),
    );
  });
});
