import { strict as assert } from "node:assert";
import type { Provider } from "../../../../provider/core/openstack/placement";
import { restoration } from "../../../../provider/core/openstack/rules/restore";
import { unmet } from "../../../../provider/core/openstack/rules/verify";

const provider = (memory: Partial<NonNullable<Provider["memory"]>> = {}, traits: string[] = []): Provider => ({
  id: "p",
  memory: { total: 2048, reserved: 0, minUnit: 1, maxUnit: 2048, stepSize: 1, allocationRatio: 1, ...memory },
  allocatedMb: 0,
  traits,
});
const trait = "COMPUTE_MEM_BACKING_FILE";

describe("what placement must say of file-backed memory", () => {
  const expected = { memoryMb: 2048, reservedMb: 0, novaVersion: "26.2.2" };

  it("is capacity, ratio and reserve, and from Nova 31 on the trait", () => {
    assert.deepEqual(unmet(expected, provider()), []);
    assert.deepEqual(unmet({ ...expected, novaVersion: "31.0.0" }, provider({}, [trait])), []);
    assert.deepEqual(unmet({ ...expected, novaVersion: "30.2.0" }, provider()), []);
    assert.deepEqual(unmet({ ...expected, novaVersion: undefined }, provider()), []);
    assert.match(unmet({ ...expected, novaVersion: "31.0.0" }, provider()).join(), /no trait COMPUTE_MEM_BACKING_FILE/);
  });

  it("is named where it is something else", () => {
    assert.deepEqual(unmet(expected, provider({ total: 9690, allocationRatio: 1.5, reserved: 512 })), [
      "MEMORY_MB is 9690 in placement, and must be 2048",
      "the allocation_ratio of MEMORY_MB is 1.5 in placement, and must be 1",
      "the reserved part of MEMORY_MB is 512 in placement, and must be 0",
    ]);
    assert.deepEqual(unmet(expected, undefined), ["placement has no MEMORY_MB of this host"]);
    assert.deepEqual(unmet(expected, { ...provider(), memory: undefined }), [
      "placement has no MEMORY_MB of this host",
    ]);
  });
});

describe("the way back in placement", () => {
  const nothing = { memoryRatio: undefined, traits: [], left: [] };

  it("is the ratio that was there before", () => {
    assert.deepEqual(restoration({ memoryRatio: 1.5 }, undefined, [], provider()), { ...nothing, memoryRatio: 1.5 });
    assert.deepEqual(restoration({ memoryRatio: 1.5 }, 0, [], provider()), { ...nothing, memoryRatio: 1.5 });
  });

  it("is none where it was the same, where Nova reports one itself, or where there is none", () => {
    assert.deepEqual(restoration({ memoryRatio: 1 }, undefined, [], provider()), nothing);
    assert.deepEqual(restoration({ memoryRatio: 1.5 }, 2, [], provider()), nothing);
    assert.deepEqual(restoration({ memoryRatio: 1.5 }, undefined, [], undefined), nothing);
    assert.deepEqual(restoration({ memoryRatio: 1.5 }, undefined, [], provider({ allocationRatio: 1.5 })), nothing);
  });

  it("leaves what somebody else set, and what nobody remembers, and says so", () => {
    const theirs = restoration({ memoryRatio: 1.5 }, undefined, [], provider({ allocationRatio: 3 }));
    assert.equal(theirs.memoryRatio, undefined);
    assert.match(theirs.left.join(), /somebody else set .* to 3: it stays/);
    for (const former of [undefined, { memoryRatio: null }]) {
      const unknown = restoration(former, undefined, [], provider());
      assert.equal(unknown.memoryRatio, undefined);
      assert.match(unknown.left.join(), /keeps allocation_ratio 1 .* inventory set p --amend --resource MEMORY_MB:/);
    }
  });

  it("takes off those traits of ours that are there", () => {
    const now = provider({}, ["CUSTOM_LARGE", "CUSTOM_THEIRS"]);
    assert.deepEqual(restoration({ memoryRatio: 1 }, undefined, ["CUSTOM_LARGE", "CUSTOM_GONE"], now).traits, [
      "CUSTOM_LARGE",
    ]);
  });
});
