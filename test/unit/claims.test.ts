import { strict as assert } from "node:assert";
import { Claims } from "../../provider/core/claims";

describe("what one program declares", () => {
  const kind = "BackingStore";
  const one = { owner: "project/stack/one", resource: 1 };

  it("is one resource for each object of a host, by whatever way the host is reached", () => {
    const claims = new Claims();
    assert.equal(claims.rival("host a", kind, one), undefined);
    assert.equal(claims.rival("host a", kind, one), undefined, "checked twice, as a replacement is");
    assert.equal(claims.rival("host a", kind, { owner: "project/stack/two", resource: 2 }), one);
    assert.equal(claims.rival("host b", kind, { owner: "project/stack/two", resource: 2 }), undefined);
    assert.equal(claims.rival("host a", "FileBackedMemoryConfig", { ...one, resource: 3 }), undefined);
  });

  it("tells apart two resources of one name, which have different parents", () => {
    const claims = new Claims();
    claims.rival("host a", kind, one);
    assert.equal(claims.rival("host a", kind, { ...one, resource: 2 }), one);
  });

  it("is in use, whatever the engine deletes of the same owner", () => {
    const claims = new Claims();
    claims.rival("host a", kind, one);
    assert.ok(claims.isDeclared("host a", kind, one.owner));
    for (const [host, owner] of [
      ["host a", "project/stack/two"],
      ["host b", one.owner],
    ] as const) {
      assert.ok(!claims.isDeclared(host, kind, owner));
    }
  });

  it("shows which two hosts have one machine-id", () => {
    const claims = new Claims();
    const system = { machineId: "0f", running: "boot 1" };
    assert.equal(claims.twin("a", system), undefined);
    assert.equal(claims.twin("a by another name", system), undefined);
    assert.equal(claims.twin("b", { ...system, running: "boot 2" }), "a");
    assert.equal(claims.twin("c", { machineId: "", running: "boot 3" }), undefined);
    assert.equal(claims.twin("d", { machineId: "", running: "boot 4" }), undefined);
  });
});
