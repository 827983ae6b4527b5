import { strict as assert } from "node:assert";
import fc from "fast-check";
import { readable, readableLine, sanitize } from "../../provider/core/readable";

describe("what is shown of a host's text", () => {
  it("is UTF-8 where its bytes are", () => {
    const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
    assert.equal(readable(`${bytes("Gäste-日本")} in Größe`), "Gäste-日本 in Größe");
    assert.equal(readable("\xe9t\xe9"), "\xe9t\xe9");
  });

  it("is cut where nobody would read it, and has no control characters", () => {
    assert.equal(readable("x".repeat(100_000)).length, 4001);
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\u001b]0;title", "\u009b31m", "\r\n", "\u202e"),
    );
    fc.assert(
      fc.property(fc.array(text), (parts) => {
        const shown = readableLine(parts.join(""));
        assert.doesNotMatch(shown, /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e]/);
      }),
    );
  });

  it("cannot begin a line of its own", () => {
    assert.equal(readableLine("one\n[compute-2] format /dev/sda\r\n  two"), "one [compute-2] format /dev/sda two");
  });
});

describe("cleaning what a host printed", () => {
  const cases: [string, string, string][] = [
    ["colours", "\u001b[1;31mred\u001b[0m", "red"],
    ["a window title", "a\u001b]0;title\u0007b\u001b]2;other\u001b\\c", "abc"],
    ["an unfinished title", "a\u001b]0;title", "a"],
    ["eight-bit controls", "a\u009b31mb\u009dtitle\u009cc", "abc"],
    ["a device control string", "a\u001bP1$r0m\u001b\\b", "ab"],
    ["cursor movement and character sets", "a\u001b(B\u001b7\u001b[2Kb\u001bcc", "abc"],
    ["a lone escape", "a\u001b", "a"],
    ["a progress bar", "10%\r20%\r\ndone", "10%\n20%\ndone"],
    ["bells and backspaces", "pass\b\b\b\bword\u0007", "password"],
    ["right-to-left overrides and invisible characters", "a\u202eb\u2066c\u200bd\ufeff", "abcd"],
    [
      "other languages",
      "Dateisystem ist schreibgeschützt — 読み取り専用\ttab",
      "Dateisystem ist schreibgeschützt — 読み取り専用\ttab",
    ],
  ];
  for (const [name, text, expected] of cases) it(name, () => assert.equal(sanitize(text), expected));

  it("leaves no control character of any text, and nothing to clean the second time", () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom("\u001b", "[", "]", "\u009b", "\u0007", "m"), fc.string({ unit: "binary" })),
    });
    fc.assert(
      fc.property(text, (value) => {
        const clean = sanitize(value);
        assert.doesNotMatch(clean, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        assert.equal(sanitize(clean), clean);
      }),
    );
  });
});
