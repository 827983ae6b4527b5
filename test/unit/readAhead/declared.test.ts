import { strict as assert } from "node:assert";
import { noProbes, type Probes } from "../../../provider/core/facts/probes";
import { readDeclared } from "../../../provider/readAhead/declared";

describe("a host that is read ahead", () => {
  function probesFor(inputs: Record<string, unknown>): Probes[] {
    const asked: Probes[] = [];
    const server = { begin: (_connection: unknown, _become: unknown, probes: Probes) => void asked.push(probes) };
    const connection = { host: "compute-1.example" };
    readDeclared(server, "FileBackedMemoryConfig", { connection, capacity: "auto", ...inputs });
    return asked;
  }

  it("is asked for what the inputs of a resource name there", () => {
    const [probes] = probesFor({ memoryBackingDir: "/srv/guests" });
    assert.ok(probes?.directories.includes("/srv/guests"));
  });

  it("is not asked for what is refused, which may be no path at all", () => {
    assert.deepEqual(probesFor({ memoryBackingDir: "guests" }), [noProbes]);
    assert.deepEqual(probesFor({ capacity: "much", memoryBackingDir: "/srv/guests" }), [noProbes]);
  });
});
