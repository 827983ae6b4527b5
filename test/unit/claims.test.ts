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
    const [a, b] = [{ host: "a" }, { host: "b" }];
    assert.equal(claims.twin(a, system), undefined);
    assert.equal(claims.twin({ host: "a by another name" }, system), undefined);
    assert.equal(claims.twin(b, { ...system, running: "boot 2" }), "a");
    assert.equal(claims.twin(b, { ...system, running: "boot 2" }), "a", "as often as it is asked");
    assert.equal(claims.twin({ host: "c" }, { machineId: "", running: "boot 3" }), undefined);
    assert.equal(claims.twin({ host: "d" }, { machineId: "", running: "boot 4" }), undefined);
  });

  it("takes a host that boots meanwhile for no other one", () => {
    const claims = new Claims();
    const [a, other] = [{ host: "a" }, { host: "a by another name" }];
    const before = { machineId: "0f", running: "boot 1" };
    const after = { machineId: "0f", running: "boot 2" };
    assert.equal(claims.twin(a, before), undefined);
    assert.equal(claims.twin(a, after), undefined);
    assert.equal(claims.twin(other, after), undefined);
    assert.equal(claims.twin({ host: "a" }, { machineId: "0f", running: "of a clone at another port" }), "a");
  });
});
