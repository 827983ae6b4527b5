import assert from "node:assert/strict";
import * as fc from "fast-check";
import { assignmentsOf, parseOsloFile } from "../../../provider/core/files/osloConfig";
import { configText } from "../../support/oslo/generate";

const values = (text: string) =>
  assignmentsOf(parseOsloFile("/f", text)).map(({ section, option, value }) => [section, option, value]);
const failure = (text: string) => parseOsloFile("/f", text).failure;

describe("a file that oslo.config reads", () => {
  it("separates at the first = or :", () => {
    assert.deepEqual(values("[DEFAULT]\na = b:c\nd: e=f\n"), [
      ["DEFAULT", "a", "b:c"],
      ["DEFAULT", "d", "e=f"],
    ]);
  });

  it("joins continuation lines, even those that look like a comment or an option", () => {
    assert.deepEqual(values("[a]\nx = 1\n  # no comment\n\ty = 2\n"), [["a", "x", "1\n# no comment\ny = 2"]]);
  });

  it("ends a value at a blank line", () => {
    assert.equal(failure("[a]\nx = 1\n\n  2\n")?.reason, "Unexpected continuation line");
  });

  it("knows comments in the first column only, and none behind a value", () => {
    assert.deepEqual(values("[a]\n#x = 1\n;x = 2\nx = 3 # three\n"), [["a", "x", "3 # three"]]);
  });

  it("takes section names in lower case, except DEFAULT, and never trims them", () => {
    const text = "[LibVirt]\na=1\n[default]\na=2\n[DEFAULT]\na=3\n[ libvirt ]\na=4\n";
    assert.deepEqual(
      values(text).map(([section]) => section),
      ["libvirt", "default", "DEFAULT", " libvirt "],
    );
  });

  it("takes option names as they are", () => {
    assert.deepEqual(values("[a]\nFile-Backed = 1\n"), [["a", "File-Backed", "1"]]);
  });

  it("takes off one pair of quotes, of a single quote character too", () => {
    assert.deepEqual(
      values('[a]\na = "\'x\'"\nb = "y\'\nc = "\n').map(([, , value]) => value),
      ["'x'", "\"y'", ""],
    );
  });

  it("ends lines at CR, CRLF and LF", () => {
    assert.deepEqual(
      values("[a]\r\nx = 1\ry = 2\n").map(([, option]) => option),
      ["x", "y"],
    );
  });

  it("strips what Python takes for blanks in UTF-8", () => {
    assert.deepEqual(values("[a]\nx =\xc2\xa0\xe3\x80\x801\xe2\x80\x89\x0b\n"), [["a", "x", "1"]]);
  });

  it("need not end its last line", () => {
    const [assignment] = assignmentsOf(parseOsloFile("/f", "[a]\nx = 1\n 2"));
    assert.deepEqual([assignment?.raw, assignment?.offset, assignment?.length], ["x = 1\n 2", 4, 8]);
  });
});

describe("a file that oslo.config refuses", () => {
  const cases: [string, string, number, string][] = [
    ["an option before any section", "a = 1\n", 1, "Section must be started before assignment"],
    ["an indented line after a header", "[a]\n  b = 1\n", 2, "Unexpected continuation line"],
    ["an indented line after a comment", "[a]\nx = 1\n# c\n  y\n", 4, "Unexpected continuation line"],
    ["a comment behind a header", "[a] # c\n", 1, "Invalid section (must end with ])"],
    ["an empty section name", "[]\n", 1, "Empty section name"],
    ["a line without separator", "[a]\n\nword\n", 3, "No ':' or '=' found in assignment"],
    ["an empty option name", "[a]\n = 1\n", 2, "Unexpected continuation line"],
    ["a separator in the first column", "[a]\n= 1\n", 2, "Key cannot be empty"],
    ["a byte order mark", "\xef\xbb\xbf[a]\n", 1, "No ':' or '=' found in assignment"],
    ["bytes that are not UTF-8", "[a]\nx = \xe4\n[\n", 2, "not valid UTF-8"],
  ];
  for (const [name, text, line, reason] of cases) {
    it(`has ${name}`, () => {
      const found = failure(text);
      assert.deepEqual([found?.line, found?.reason], [line, reason]);
    });
  }

  it("is told apart into lines all the same", () => {
    assert.deepEqual(values("[a]\nword\nx = 1\n"), [["a", "x", "1"]]);
  });
});

it("the pieces of any file together are the file", () => {
  const anyText = fc.oneof(
    configText(false),
    configText(true),
    fc.string({ unit: fc.constantFrom("a", "=", "[", "]", " ", "\n", "\r", "#", "\xff") }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const { pieces } = parseOsloFile("/f", text);
      assert.equal(pieces.map(({ offset, length }) => text.slice(offset, offset + length)).join(""), text);
      let end = 0;
      for (const piece of pieces) {
        assert.equal(piece.offset, end);
        end += piece.length;
      }
    }),
  );
});
