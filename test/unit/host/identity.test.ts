import { strict as assert } from "node:assert";
import { Sections } from "../../../provider/core/facts/sections";
import { parseSystem } from "../../../provider/core/facts/system";
import { isOtherHardware } from "../../../provider/core/host/identity";
import { type FactFixture, fixtureNonce, printed, readFixtures } from "../../support/facts/fixture";

describe("records that were made on one machine", () => {
  const cases: [what: string, madeOn: string, present: string, isOther: boolean][] = [
    ["are at home on the same", "product 1b-2c", "product 1b-2c", false],
    ["are foreign on another", "product 1b-2c", "product 3d-4e", true],
    ["are foreign where the firmware has no UUID and the machine-id is another", "machine 0f", "machine 1f", true],
    ["are at home where nothing can be compared", "machine 0f", "product 1b-2c", false],
    ["are at home where an older release did not say where it made them", "", "product 1b-2c", false],
  ];
  for (const [what, madeOn, present, isOther] of cases) {
    it(what, () => assert.equal(isOtherHardware(madeOn, present), isOther));
  }
});

describe("a managed host whose disk was copied to another machine", () => {
  it("has no identity of ours there, and is seen to be a copy", () => {
    const managed = readFixtures<FactFixture>("facts", "system").find(({ name }) => name.endsWith("managed"))!.content;
    const read = (sections: FactFixture["sections"]) =>
      parseSystem(Sections.parse("host", fixtureNonce, printed(sections)));
    const original = read(managed.sections);
    assert.deepEqual([typeof original.hostId, original.isCopy], ["string", false]);
    const copied = managed.sections.map(({ name, lines }) =>
      name === "identity"
        ? { name, lines: ["machine 5377c3c30e72df6911875ca9bded8a8a", ...lines.slice(1)] }
        : { name, lines },
    );
    assert.deepEqual([read(copied).hostId, read(copied).isCopy], [undefined, true]);
  });
});
