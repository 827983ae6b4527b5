import { strict as assert } from "node:assert";
import fc from "fast-check";
import { readable, readableLine } from "../../provider/core/readable";

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
