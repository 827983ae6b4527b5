import { strict as assert } from "node:assert";
import fc from "fast-check";
import { sanitize } from "../../../provider/core/readable";
import { lastLine, Tail } from "../../../provider/core/transport/sanitize";

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

describe("the tail of a stream", () => {
  it("keeps the last bytes only, however they come", () => {
    for (const size of [1, 7, 100, 5000]) {
      const tail = new Tail(100);
      const text = "0123456789".repeat(500);
      for (let at = 0; at < text.length; at += size) tail.add(Buffer.from(text.slice(at, at + size)));
      assert.equal(tail.text(), text.slice(-100));
    }
  });

  it("does not show half of a character that the bound has cut", () => {
    const tail = new Tail(4);
    tail.add(Buffer.from("xüüü"));
    assert.equal(tail.text(), "üü");
    const odd = new Tail(5);
    odd.add(Buffer.from("xüüü"));
    assert.equal(odd.text(), "üü");
  });
});

describe("the last line of a text", () => {
  it("skips what is empty and shortens what is long", () => {
    assert.equal(lastLine("a\n  b \n\n"), "b");
    assert.equal(lastLine(""), "");
    assert.equal(lastLine("x".repeat(300), 10), `${"x".repeat(10)}…`);
  });
});
