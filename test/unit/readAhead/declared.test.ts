import { strict as assert } from "node:assert";
import { noProbes, type Probes } from "../../../provider/core/facts/probes";
import { declaredHost } from "../../../provider/readAhead/declared";

describe("a host that is read ahead", () => {
  function probesFor(inputs: Record<string, unknown>): Probes | undefined {
    const connection = { host: "compute-1.example" };
    return declaredHost("FileBackedMemoryConfig", { connection, capacity: "auto", ...inputs })?.probes;
  }

  it("is asked for what the inputs of a resource name there", () => {
    assert.ok(probesFor({ memoryBackingDir: "/srv/guests" })?.directories.includes("/srv/guests"));
  });

  it("is not asked for what is refused, which may be no path at all", () => {
    assert.deepEqual(probesFor({ memoryBackingDir: "guests" }), noProbes);
    assert.deepEqual(probesFor({ capacity: "much", memoryBackingDir: "/srv/guests" }), noProbes);
  });
});
