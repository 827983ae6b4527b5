import { strict as assert } from "node:assert";
import { linesOf } from "../../../provider/command/shown";
import type { GuestPreflight } from "../../../provider/core/migration/preflight";

const guest = (more: Partial<GuestPreflight> = {}): GuestPreflight => ({
  guest: "instance-00000001",
  nova: { id: "id-1", name: "web" },
  memoryMb: 2048,
  is: "memory in RAM",
  job: undefined,
  to: [{ hosts: ["a", "b"], outcome: "works", reason: "" }],
  ...more,
});
const lines = (...guests: GuestPreflight[]) => linesOf({ host: "compute-1", is: "memory in RAM", guests });

describe("what the command prints of a pre-flight", () => {
  it("is a line for each guest, one for each outcome, and what is to be done at the end", () => {
    const stuck = guest({
      nova: undefined,
      job: "backup",
      to: [{ hosts: ["a"], outcome: "breaks", reason: "Nova does not look" }],
    });
    assert.deepEqual(lines(guest(), stuck), [
      "compute-1: memory in RAM",
      "web (instance-00000001, id-1): 2048 MiB, memory in RAM",
      "  can go to a, b",
      "instance-00000001: 2048 MiB, memory in RAM; libvirt is at it now: backup",
      "  breaks on the way to a: Nova does not look",
      "of the 2 guests that run on compute-1, 1 can go to none of these hosts: instance-00000001",
    ]);
  });

  it("says so where all can go, none runs, or there is no other host", () => {
    assert.equal(lines(guest()).at(-1), "the one guest that runs on compute-1 can go");
    assert.equal(lines().at(-1), "no guest runs on compute-1");
    assert.ok(lines(guest({ to: [] })).includes("  there is no other host to go to"));
  });

  it("shows names of guests as data", () => {
    const name = "web\u001b[2J\n  can go to nowhere\u202e";
    const shown = lines(guest({ nova: { id: "id-1", name } }));
    assert.equal(shown.length, 4);
    assert.ok(shown.every((line) => !/[\u001b\u202e\n]/.test(line)));
  });
});
