import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  memoryBackingDirectory,
  parseQemuConf,
  qemuSetting,
  readQemuOption,
  setOption,
  undoOption,
} from "../../../provider/core/files/qemuConf";

const name = "memory_backing_dir";
const example = `# This directory is used for memoryBacking source if configured as file.\n#\n#${name} = "/var/lib/libvirt/qemu/ram"\n`;
const set = (text: string, value: string | number = "/mnt") => setOption(text, "/etc/libvirt/qemu.conf", name, value);
const parse = (text: string) => parseQemuConf("/etc/libvirt/qemu.conf", text);

describe("qemu.conf", () => {
  it("knows three kinds of strings, numbers and lists over several lines", () => {
    const { settings, failure } = parse(`a = "x" # c\nb='y'\nc = """q"\n'r"""\nd = -1\ne = [ "f",\n  'g', ]\n`);
    assert.equal(failure, undefined);
    assert.deepEqual(
      settings.map(({ value }) => value),
      ["x", "y", `q"\n'r`, -1, ["f", "g"]],
    );
    assert.deepEqual(
      settings.map(({ line }) => line),
      [1, 2, 3, 5, 6],
    );
  });

  it("takes the first assignment of a name", () => {
    assert.equal(readQemuOption(`${name} = "/first"\n${name} = "/second"\n`, name), "/first");
    assert.equal(readQemuOption(example, name), undefined);
  });

  it("may hold several settings on a line, between semicolons", () => {
    assert.deepEqual(
      parse(`a = 1; b = 2`).settings.map(({ raw }) => raw),
      ["a = 1; b = 2", "a = 1; b = 2"],
    );
  });

  const refused: [string, string, number, string][] = [
    ["no quotes", "\na = /x\n", 2, "expecting a value"],
    ["an open string", 'a = "x\n', 1, "unterminated string"],
    ["an open list", 'a = [ "x"', 1, "list is not closed with ]"],
    ["a comment in a list", 'a = [ "x", # c\n ]', 1, "expecting a value"],
    ["no equals sign", "a\n", 1, "expecting an assignment"],
    ["a section", "[a]\n", 1, "expecting a name"],
    ["two settings without a separator", 'a="x"b="y"', 1, "expecting a separator"],
    ["nothing but blank lines", "\n\n", 3, "expecting a name"],
  ];
  for (const [why, text, line, reason] of refused) {
    it(`is refused with ${why}`, () => assert.deepEqual(parse(text).failure, { line, reason }));
  }

  it("gives the directory that guests' memory is below", () => {
    assert.deepEqual(memoryBackingDirectory(parse("")), { path: "/var/lib/libvirt/qemu/ram" });
    assert.deepEqual(memoryBackingDirectory(parse(`${name} = "/mnt"`)), { path: "/mnt/libvirt/qemu" });
    assert.match(JSON.stringify(memoryBackingDirectory(parse(`${name} = 1`))), /expected a string/);
  });
});

describe("qemu.conf that nobody meant so", () => {
  it("has a value up to its NUL, which ends a text for libvirt", () => {
    assert.equal(readQemuOption('memory_backing_dir = "/a\0/b"\n', "memory_backing_dir"), "/a");
  });

  it("is refused where lists are nested without end", () => {
    assert.equal(parse(`a = ${"[".repeat(100_000)}`).failure?.reason, "lists are nested too deeply");
    assert.equal(parse("a = [ 1, [ 2, [ 3 ] ] ]").failure, undefined);
  });
});

describe("setting an option of qemu.conf", () => {
  const cases: [string, string, string][] = [
    [
      "inserts after the only commented example and leaves that as it is",
      `a = 1\n${example}b = 2\n`,
      `a = 1\n${example}${name} = "/mnt"\nb = 2\n`,
    ],
    ["appends if the example is there twice", example + example, `${example}${example}${name} = "/mnt"\n`],
    ["appends if there is none, and ends the last line", "a = 1", `a = 1\n${name} = "/mnt"\n`],
    ["fills an empty file", "", `${name} = "/mnt"\n`],
    ["uses the file's line ending", "a = 1\r\n", `a = 1\r\n${name} = "/mnt"\r\n`],
    [
      "replaces the value in the first assignment only",
      `${name}='/a'  # why\n${name} = "/b"\n`,
      `${name}="/mnt"  # why\n${name} = "/b"\n`,
    ],
    ["replaces between other settings of the line", `a=1; ${name}="/a" ; b=2\n`, `a=1; ${name}="/mnt" ; b=2\n`],
    ["replaces a value over several lines", `${name} = [ "x",\n"y" ]\n`, `${name} = "/mnt"\n`],
  ];
  for (const [why, before, after] of cases) {
    it(why, () => {
      const result = set(before);
      assert.equal(result.text, after);
      assert.equal(undoOption(result.text, result.edit!).text, before);
      assert.equal(undoOption(before, result.edit!).outcome, "already");
    });
  }

  it("does nothing when the file says so already", () => {
    assert.equal(set(`${name}='/mnt'`).edit, undefined);
  });

  it("takes the quotes that are not in the value", () => {
    for (const value of ["it's", '"', `it's "x" y`, 5, -1]) {
      assert.equal(qemuSetting(parse(set("", value).text), name)?.value, value);
    }
  });

  it("refuses what libvirt could not read back", () => {
    for (const value of ["a\nb", "\0", `'"`, `'"""x`, 1.5, "\u20ac"]) assert.throws(() => set("", value), RangeError);
    assert.throws(() => set("a = x\n"), /qemu\.conf is not a file that libvirt reads: line 1, expecting a value/);
    assert.throws(() => setOption("", "/q", "a b", "1"), /no setting of libvirt/);
  });

  it("leaves and reports a line that others changed", () => {
    const { text, edit } = set(example);
    const changed = text.replace('"/mnt"', '"/srv"');
    assert.deepEqual(undoOption(changed, edit!), {
      splices: [],
      text: changed,
      outcome: "changed",
      found: `${name} = "/srv"`,
    });
  });

  it("is undone in a file that others broke elsewhere", () => {
    const { text, edit } = set(`${name} = "/a"\n`);
    assert.equal(undoOption(`a = b\n${text}`, edit!).text, `a = b\n${name} = "/a"\n`);
  });

  it("is undone exactly whatever the file", () => {
    const line = fc.constantFrom("a = 1", `${name} = "/x"`, `#${name} = "/x"`, "# c", "", `b = [ "x",\n "y" ] # c`);
    const text = fc.tuple(fc.array(line), fc.constantFrom("\n", "\r\n", "\r"), fc.boolean());
    fc.assert(
      fc.property(text, ([lines, ending, final]) => {
        const before = lines.join(ending) + (final ? ending : "");
        if (parse(before).failure) return;
        const { text: after, edit } = set(before);
        assert.equal(readQemuOption(after, name), "/mnt");
        assert.equal(undoOption(after, edit!).text, before);
      }),
    );
  });
});
