import { strict as assert } from "node:assert";
import type { Guest } from "../../../provider/core/facts/guests";
import type { HostFacts } from "../../../provider/core/facts/hostFacts";
import { runningHost } from "../../../provider/core/kinds/runningGuests";
import type { GuestKind } from "../../../provider/core/migration/traits";
import { DescribedHost, type HostDescription } from "../../support/plans/describedHost";

const nova = { id: "5f0a2cf2-1f0a-4d0e-9f3b-8d2c6c1f7a01", name: "web" };
const usual: Guest = {
  name: "instance-00000001",
  running: true,
  id: 1,
  memoryKib: 2097152,
  fileBacked: false,
  hugePages: false,
  pages: [],
  hasTopology: false,
  locked: false,
  nova,
};
const twoMib = { pages: [{ sizeKib: 2048, kib: 2097152 }], hugePages: true, hasTopology: true };

/** A host as described, with these guests. */
function host(guests: Partial<Guest>[], description: HostDescription = {}) {
  const facts: HostFacts = {
    ...new DescribedHost(description).facts(),
    guests: guests.map((each) => ({ ...usual, ...each })),
  };
  return runningHost(facts);
}

/** The one guest of a host. */
function running(guest: Partial<Guest>, description: HostDescription = {}) {
  const found = host([guest], description);
  assert.ok(!("problems" in found));
  return found.guests[0]!;
}

const readings = (guest: Partial<Guest>, description?: HostDescription): GuestKind[][] =>
  running(guest, description).readings;
const withPmem = (labels: string): HostDescription => ({
  files: { "/etc/nova/nova.conf": ["[libvirt]", `pmem_namespaces = ${labels}`, ""] },
});

describe("the running guests of a host", () => {
  it("are read with what the host is now", () => {
    const found = host([{ name: "b" }, { name: "a" }, { name: "c", running: false }]);
    assert.ok(!("problems" in found));
    assert.deepEqual(
      found.guests.map(({ name }) => name),
      ["a", "b"],
    );
    assert.equal(found.profile.host, "compute-1");
    assert.equal(found.profile.nova, "26.2.2");
  });

  it("are what their flavor says, where Nova writes that down", () => {
    assert.deepEqual(readings({ pageRequest: null }), [[{ kind: "plain" }]]);
    assert.deepEqual(readings({ pageRequest: null, hasTopology: true }), [[{ kind: "plain", hasTopology: true }]]);
    for (const [written, request] of [
      ["large", "large"],
      ["2048", 2048],
      ["2MB", 2048],
      ["1GiB", 1048576],
      ["odd", 2048],
    ] as const) {
      const said = readings({ ...twoMib, pageRequest: written });
      assert.deepEqual(said, [[{ kind: "page-size", request, hasKib: 2048 }]], written);
    }
    assert.deepEqual(readings({ hasTopology: true, pageRequest: "small" }), [
      [{ kind: "page-size", request: "small", hasKib: 4 }],
    ]);
  });

  it("are all that they can be, where Nova does not", () => {
    assert.deepEqual(readings({}), [[{ kind: "plain" }]]);
    assert.deepEqual(
      readings(twoMib).map(([kind]) => kind),
      [
        { kind: "page-size", request: 2048, hasKib: 2048 },
        { kind: "page-size", request: "large", hasKib: 2048 },
      ],
    );
    assert.deepEqual(
      readings({ hasTopology: true }).map(([kind]) => kind),
      [
        { kind: "plain", hasTopology: true },
        { kind: "page-size", request: "small", hasKib: 4 },
        { kind: "page-size", request: "any", hasKib: 4 },
      ],
    );
  });

  it("are locked by hw:locked_memory, unless they are real-time guests", () => {
    assert.deepEqual(readings({ ...twoMib, pageRequest: "2048", locked: true }), [
      [{ kind: "locked", request: 2048, hasKib: 2048 }],
    ]);
    assert.deepEqual(readings({ pageRequest: null, hasTopology: true, locked: true, isUnmerged: true }), [
      [{ kind: "plain", hasTopology: true }],
    ]);
    assert.ok(readings({ hasTopology: true, locked: true }).every(([kind]) => kind!.kind === "locked"));
  });

  it("have the devices that they were started with, under the labels of their flavor", () => {
    const nvdimms = [
      { path: "/dev/dax0.0", sizeKib: 4096, alignmentKib: 2048 },
      { path: "/dev/dax0.1", sizeKib: 8192 },
    ];
    const guest = running({ pageRequest: null, hasTopology: true, nvdimms, pmemRequest: "6GB, MEDIUM" });
    assert.deepEqual(guest.readings, [
      [
        { kind: "plain", hasTopology: true },
        { kind: "pmem", label: "6GB" },
        { kind: "pmem", label: "MEDIUM" },
      ],
    ]);
    assert.deepEqual(guest.pmem, [
      { label: "6GB", sizeKib: 4096, alignmentKib: 2048 },
      { label: "MEDIUM", sizeKib: 8192 },
    ]);
  });

  it("can be of each label that the host has, where their flavor is not known", () => {
    const guest = { pageRequest: null, hasTopology: true, nvdimms: [{ path: "/dev/dax0.0", sizeKib: 4096 }] };
    const labels = (description: HostDescription) =>
      readings(guest, description).map((kinds) => kinds.flatMap((kind) => (kind.kind === "pmem" ? [kind.label] : [])));
    assert.deepEqual(labels(withPmem("6GB:ns0|ns1")), [["6GB"]]);
    assert.deepEqual(labels(withPmem("6GB:ns0,MEDIUM:ns1")), [["6GB"], ["MEDIUM"]]);
    assert.deepEqual(labels({}), []);
  });

  it("are of the labels of the namespaces that they have, where their flavor is not known", () => {
    const namespaces = ["a", "b", "c"].map((name) => ({ name, mib: 1024 }));
    const description = { ...withPmem("6GB:a|c,MEDIUM:b"), pmem: { regions: { region0: 8 }, namespaces } };
    const nvdimms = [
      { path: "/dev/dax0.1", sizeKib: 4096 },
      { path: "/dev/dax0.2", sizeKib: 4096 },
    ];
    const guest = running({ pageRequest: null, nvdimms }, description);
    assert.deepEqual(guest.readings, [
      [{ kind: "plain" }, { kind: "pmem", label: "MEDIUM" }, { kind: "pmem", label: "6GB" }],
    ]);
    assert.deepEqual(guest.pmem, [
      { label: "MEDIUM", sizeKib: 4096 },
      { label: "6GB", sizeKib: 4096 },
    ]);
    // One that the configuration does not name any more can be of any label that has such a size.
    const elsewhere = running({ pageRequest: null, nvdimms: [{ path: "/dev/dax9.0", sizeKib: 1030144 }] }, description);
    assert.equal(elsewhere.readings.length, 2);
  });

  it("are known with whose they are, and with all else that decides", () => {
    assert.equal(running({ nova: undefined }).nova, undefined);
    assert.deepEqual([running({ isEncrypted: true }).isEncrypted, running({}).isEncrypted], [true, false]);
    assert.deepEqual(readings({ hasShares: true, pageRequest: null }), [[{ kind: "plain" }, { kind: "shares" }]]);
    assert.equal(running({ job: "migration out" }).job, "migration out");
  });

  it("are not judged on a host whose configuration Nova cannot read, in the words of LiveMigrationConfig", () => {
    const found = host([], { files: { "/etc/nova/nova.conf": ["[DEFAULT]", "a = b", "  = c", "=", ""] } });
    assert.match(JSON.stringify(found), /nova-compute cannot read its configuration/);
  });
});
