import { strict as assert } from "node:assert";
import { lastLine, Tail } from "../../../provider/core/transport/tail";

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
