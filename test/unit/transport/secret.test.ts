import { strict as assert } from "node:assert";
import { format, inspect } from "node:util";
import { Secret, secret } from "../../../provider/core/transport/secret";

describe("a secret", () => {
  const value = new Secret("pass-4711");

  it("is given only to who asks for it", () => {
    assert.equal(value.reveal(), "pass-4711");
  });

  it("shows in nothing that prints it", () => {
    const shown = [
      String(value),
      `${value}`,
      inspect(value),
      inspect({ deep: { value } }, { showHidden: true, depth: 9 }),
      JSON.stringify({ value }),
      format("%s %o %j %O", value, value, value, value),
      JSON.stringify(Object.entries(value)),
      new Error(`refused ${value}`).message,
    ];
    for (const text of shown) assert.ok(!text.includes("4711"), text);
  });

  it("is missing when its text is missing or empty", () => {
    assert.equal(secret(undefined), undefined);
    assert.equal(secret(""), undefined);
  });
});
