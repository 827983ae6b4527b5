import { strict as assert } from "node:assert";
import { canGo, preflightOf, type RunningGuest } from "../../../provider/core/migration/preflight";
import type { HostTraits } from "../../../provider/core/migration/traits";
import { fileBacked, named, plain } from "./hosts";

const guest = (more: Partial<RunningGuest> = {}): RunningGuest => ({
  name: "instance-00000001",
  nova: { id: "id-1", name: "web" },
  memoryKib: 2097152,
  fileBacked: false,
  pmem: [],
  readings: [[{ kind: "plain" }]],
  isEncrypted: false,
  job: undefined,
  ...more,
});

/** Where one guest of a host can go, and why not. */
function judged(from: HostTraits, others: Record<string, HostTraits>, one: RunningGuest) {
  const profiles = Object.entries(others).map(([name, traits]) => named(name, traits));
  return preflightOf({ profile: named("here", from), guests: [one] }, profiles).guests[0]!;
}

describe("a pre-flight", () => {
  it("says once for all hosts that are alike where a guest can go, and leaves out its own", () => {
    const others = { "node-1": plain, "node-2": plain, here: plain, old: { ...plain, qemu: "6.2.0" } };
    const found = judged(plain, others, guest());
    assert.deepEqual(
      found.to.map(({ outcome, hosts }) => [outcome, hosts]),
      [
        ["works", ["node-[1-2]"]],
        ["refused", ["old"]],
      ],
    );
    assert.match(found.to[1]!.reason, /QEMU is older there/);
    assert.equal(found.is, "memory in RAM, without page size or persistent memory");
    assert.ok(canGo(found));
  });

  it("goes by where the guest's memory is, not by where the host has it for others", () => {
    // It was started before its host became file-backed.
    assert.deepEqual(judged(fileBacked, { there: plain }, guest()).to, [
      { hosts: ["there"], outcome: "works", reason: "" },
    ]);
    const [moved] = judged(plain, { there: plain }, guest({ fileBacked: true })).to;
    assert.match(moved!.reason, /into RAM there, which libvirt refuses/);
  });

  it("calls no guest impossible that is there", () => {
    const paged = guest({ readings: [[{ kind: "page-size", request: 2048, hasKib: 2048 }]] });
    const [there] = judged(fileBacked, { there: { ...plain, pageSizes: [4, 2048] } }, paged).to;
    assert.deepEqual(there, { hosts: ["there"], outcome: "works", reason: "" });
    const [stuck] = judged(fileBacked, { there: { ...fileBacked, pageSizes: [4, 2048] } }, paged).to;
    assert.equal(stuck!.outcome, "breaks");
  });

  it("goes by the pages that a guest has, not by those it would get today", () => {
    const large = guest({ readings: [[{ kind: "page-size", request: "large", hasKib: 2048 }]] });
    const here = { ...plain, pageSizes: [4, 2048, 1048576] };
    assert.equal(judged(here, { there: { ...plain, pageSizes: [4, 2048] } }, large).to[0]!.outcome, "works");
    assert.match(judged(here, { there: here }, large).to[0]!.reason, /2 MiB here and would get 1 GiB there/);
  });

  it("counts everything that a guest is", () => {
    const both = guest({
      pmem: [{ label: "6GB", sizeKib: 4096, alignmentKib: 2048 }],
      readings: [
        [
          { kind: "page-size", request: 2048, hasKib: 2048 },
          { kind: "pmem", label: "6GB" },
        ],
      ],
    });
    const offer = { label: "6GB", sizeKib: 4096, alignmentKib: 2048 };
    const there = (more: Partial<HostTraits>) => judged(plain, { there: { ...plain, ...more } }, both).to[0]!;
    assert.equal(there({ pageSizes: [4, 2048], pmem: [offer] }).outcome, "works");
    assert.equal(there({ pageSizes: [4, 2048] }).outcome, "refused");
    assert.equal(there({ pmem: [offer] }).outcome, "refused");
    assert.match(
      there({ pageSizes: [4, 2048], pmem: [{ ...offer, sizeKib: 2048 }] }).reason,
      /Nova does not compare sizes/,
    );
  });

  it("says so where it hangs on what the guest's definition does not tell", () => {
    const unsure = guest({
      readings: [[{ kind: "plain", hasTopology: true }], [{ kind: "page-size", request: "small", hasKib: 4 }]],
    });
    const found = judged(plain, { there: plain, huge: { ...plain, pageSizes: [2048] } }, unsure);
    assert.deepEqual(
      found.to.map(({ outcome, hosts }) => [outcome, hosts]),
      [
        ["works", ["there"]],
        ["unknown", ["huge"]],
      ],
    );
    assert.match(
      found.to[1]!.reason,
      /^Nova does not write down there what its flavor says: works for a guest with NUMA nodes of its own; refused for a guest with hw:mem_page_size=small \(/,
    );
    assert.equal(found.is, "memory in RAM");
    const lost = judged(plain, { there: plain }, guest({ readings: [] }));
    assert.equal(lost.to[0]!.outcome, "unknown");
    assert.equal(canGo(lost), false);
  });

  it("refuses what Nova moves nowhere, to every host", () => {
    const foreign = judged(plain, { there: plain, files: fileBacked }, guest({ nova: undefined }));
    const reason = "it is not Nova's: libvirt alone knows it";
    assert.deepEqual(foreign.to, [{ hosts: ["files", "there"], outcome: "refused", reason }]);
    const encrypted = judged(plain, { there: plain, files: fileBacked }, guest({ isEncrypted: true }));
    assert.deepEqual([encrypted.to.length, encrypted.to[0]!.outcome], [1, "refused"]);
    assert.match(encrypted.to[0]!.reason, /encrypted \(SEV\)/);
  });

  it("has no place to go to where there is no other host", () => {
    const found = judged(plain, { here: plain }, guest());
    assert.deepEqual([found.to, canGo(found)], [[], false]);
  });

  it("refuses guests with NUMA nodes of their own before Train", () => {
    const nodes = guest({ readings: [[{ kind: "plain", hasTopology: true }]] });
    const stein = { ...plain, nova: "19.0.0" };
    assert.match(judged(stein, { there: stein }, nodes).to[0]!.reason, /NUMA topology/);
    assert.equal(judged(stein, { there: stein }, guest()).to[0]!.outcome, "works");
  });
});
