import { strict as assert } from "node:assert";
import { holderName } from "../../../provider/holder";

describe("the name by which an apply holds a host's lock", () => {
  const rest = `, pid ${process.pid}, since `;

  it("has the owner, the process and the time", () => {
    const name = holderName("project/stack/memory");
    assert.ok(name.startsWith(`project/stack/memory${rest}`), name);
    assert.match(name, /, since \d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  for (const owner of ["x".repeat(260), `p/s/${"é".repeat(260)}`, `p/s/${"👾".repeat(90)}`, "p/s/\ud800\n\\c\u0007"]) {
    it(`is one line, of at most 250 bytes, with the process in it: ${JSON.stringify(owner.slice(0, 12))}…`, () => {
      const name = holderName(owner);
      assert.ok(Buffer.byteLength(name) <= 250 && name.includes(rest), name);
      assert.doesNotMatch(name, /[\n\\\u0007]/);
      assert.equal(Buffer.from(name).toString(), name);
    });
  }
});
