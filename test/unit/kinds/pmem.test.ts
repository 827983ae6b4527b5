import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { type PmemNamespace, type PmemRegion, parsePmem } from "../../../provider/core/facts/pmem";
import { Sections } from "../../../provider/core/facts/sections";
import { readCommon } from "../../../provider/core/inputs/common";
import { Inputs } from "../../../provider/core/inputs/problem";
import { persistentMemory } from "../../../provider/core/kinds/persistentMemory";
import {
  formatOption,
  inventoryOf,
  isSameOffer,
  parseOption,
  resourceClassOf,
} from "../../../provider/core/kinds/pmemOption";
import { RegionRoom, roundedBytes, unitBytes, usableBytes } from "../../../provider/core/kinds/pmemSize";
import { namespaceUuid } from "../../../provider/core/kinds/pmemState";
import { type FactFixture, fixtureNonce, printed, readFixtures } from "../../support/facts/fixture";

const kib = 1024;
const mib = 1024 ** 2;
const gib = 1024 ** 3;

const region = (others: Partial<PmemRegion> = {}): PmemRegion => ({
  dev: "region0",
  sizeBytes: 64 * gib,
  largestExtentBytes: 64 * gib,
  start: 256 * gib,
  alignBytes: 16 * mib,
  interleaveWays: 1,
  numaNode: 0,
  isLabelled: true,
  isReadOnly: false,
  alignments: [4 * kib, 2 * mib, gib],
  ...others,
});

describe("the UUID of a namespace", () => {
  it("is the same in every version of this package, or no namespace would be recognised", () => {
    assert.equal(namespaceUuid("project/stack/compute-1", "gold-0"), "7ebf14d6-a512-57df-b268-a64ebf63c390");
  });

  it("is another one for another owner or name", () => {
    const all = [namespaceUuid("a", "x"), namespaceUuid("a", "y"), namespaceUuid("b", "x"), namespaceUuid("ax", "")];
    assert.equal(new Set(all).size, 4);
  });
});

describe("the size of a namespace", () => {
  const alignment = fc.constantFrom(4 * kib, 2 * mib, gib);
  const ways = fc.integer({ min: 1, max: 12 });
  const regions = ways.map((interleaveWays) =>
    region({ interleaveWays, alignBytes: (16 * mib) % interleaveWays === 0 ? 16 * mib : 16 * mib * interleaveWays }),
  );

  it("is rounded up to what both ndctl and the kernel take, by less than one unit", () => {
    fc.assert(
      fc.property(regions, alignment, fc.integer({ min: 1, max: 2 ** 30 }), (each, align, kibs) => {
        const rounded = roundedBytes(each, align, kibs * kib);
        assert.equal(rounded % each.alignBytes, 0);
        assert.equal(rounded % (align * each.interleaveWays), 0);
        assert.ok(rounded >= kibs * kib && rounded >= 16 * mib);
        assert.ok(rounded - Math.max(kibs * kib, 16 * mib) < unitBytes(each, align));
        assert.equal(roundedBytes(each, align, rounded), rounded, "rounded once and for all");
      }),
    );
  });

  it("loses to the kernel what it needs, and what is left is aligned and within", () => {
    fc.assert(
      fc.property(
        regions,
        alignment,
        fc.integer({ min: 0, max: 2 ** 20 }),
        fc.integer({ min: 1, max: 2 ** 28 }),
        fc.constantFrom("dev" as const, "mem" as const),
        (each, align, place, kibs, map) => {
          const raw = roundedBytes(each, align, kibs * kib);
          const usable = usableBytes(place * each.alignBytes, raw, align, map);
          assert.equal(usable % align, 0);
          assert.ok(usable < raw && usable >= raw - 64 * Math.ceil(raw / 4096) - 3 * Math.max(align, 2 * mib));
          assert.ok(usable <= usableBytes(place * each.alignBytes, raw, align, "mem"));
        },
      ),
    );
  });
});

describe("the room in a region", () => {
  const used = (start: number, rawBytes: number) =>
    ({ region: "region0", start, rawBytes }) as Partial<PmemNamespace> as PmemNamespace;
  const at = (gibs: number) => (256 + gibs) * gib;

  it("is given from its beginning on, in whole pieces", () => {
    const room = new RegionRoom(region({ sizeBytes: 10 * gib }), [used(at(2), gib), used(at(5), gib)]);
    assert.deepEqual([room.largestBytes, room.freeBytes], [4 * gib, 8 * gib]);
    assert.equal(room.take(3 * gib), at(6));
    assert.equal(room.take(2 * gib), at(0));
    assert.equal(room.take(2 * gib), at(3));
    assert.equal(room.take(2 * gib), undefined);
    assert.equal(room.take(gib), at(9));
    assert.equal(room.freeBytes, 0);
  });

  it("is what the kernel calls the largest extent where it hides addresses", () => {
    const room = new RegionRoom(region({ start: undefined, largestExtentBytes: gib }), []);
    assert.equal(room.take(2 * gib), undefined);
    assert.notEqual(room.take(gib), undefined);
  });

  it("never gives the same place twice", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (sizes) => {
        const room = new RegionRoom(region({ sizeBytes: 2 * gib }), []);
        const taken = sizes.flatMap((size) => {
          const start = room.take(size * 16 * mib);
          return start === undefined ? [] : [{ start, end: start + size * 16 * mib }];
        });
        const sorted = taken.toSorted((a, b) => a.start - b.start);
        for (const [index, { start, end }] of sorted.entries()) {
          assert.ok(start >= at(0) && end <= at(2) && (index === 0 || start >= sorted[index - 1]!.end));
        }
      }),
    );
  });
});

describe("a recorded host", () => {
  const recorded = readFixtures<FactFixture>("facts", "pmem").find(({ name }) => name === "debian 12 pmem")!;
  const facts = parsePmem(Sections.parse("host", fixtureNonce, printed(recorded.content.sections)));

  it("has as much to use of each namespace as is computed", () => {
    const devdax = facts.namespaces.filter(({ mode }) => mode === "devdax");
    assert.equal(devdax.length, 3);
    for (const each of devdax) {
      const map = each.map as "dev" | "mem";
      assert.equal(each.usableBytes, usableBytes(each.start!, each.rawBytes, each.alignBytes!, map), each.dev);
    }
  });

  it("has as much room as the kernel says, and gave namespaces the places that we would have", () => {
    const [region] = facts.regions;
    const all = new RegionRoom(region!, facts.namespaces);
    assert.equal(all.largestBytes, region!.largestExtentBytes);
    const room = new RegionRoom(region!, []);
    for (const each of facts.namespaces) assert.equal(room.take(each.rawBytes), each.start, each.dev);
  });
});

describe("what Nova offers of persistent memory", () => {
  it("is read as it is written, label by label", () => {
    const offered = [
      { label: "6GB", name: "a" },
      { label: "LARGE", name: "b" },
      { label: "6GB", name: "c" },
    ];
    assert.equal(formatOption(offered), "6GB:a|c,LARGE:b");
    assert.ok(isSameOffer(parseOption("6GB:a|c,LARGE:b"), offered));
    assert.ok(isSameOffer(parseOption(" LARGE:b , 6GB:c|a, "), offered));
    for (const other of ["6GB:a|c", "6gb:a|c,LARGE:b", "6GB:a,LARGE:b|c", "6GB:a|c,LARGE:b|b"]) {
      assert.ok(!isSameOffer(parseOption(other), offered), other);
    }
    assert.deepEqual(inventoryOf(offered), { CUSTOM_PMEM_NAMESPACE_6GB: 2, CUSTOM_PMEM_NAMESPACE_LARGE: 1 });
    assert.deepEqual(parseOption(""), []);
  });
});

describe("the inputs of persistent memory", () => {
  const problemsOf = (values: Record<string, unknown>) => {
    const inputs = new Inputs({ owner: "a/b/c", ...values }, "", []);
    persistentMemory.check(inputs, readCommon(inputs));
    return inputs.problems.map(({ path, message }) => `${path} ${message}`);
  };
  const one = { name: "gold-0", label: "6GB", size: "6 GiB" };
  const withOne = (others: Record<string, unknown>) => ({ namespaces: [{ ...one, ...others }] });

  it("are fine with what Nova and ndctl take", () => {
    const namespaces = [
      one,
      { name: "x.y_z", label: "6GB", size: 100, alignment: "4 KiB", region: "region12", numaNode: 3, map: "mem" },
      { name: "n".repeat(63), label: "L".repeat(233), size: "1.5 TiB", alignment: "1 GiB" },
    ];
    const consentToDestroy = ["gold-0 UUID=00000000-0000-4000-8000-000000000001"];
    assert.deepEqual(problemsOf({ namespaces, consentToDestroy, activation: "deferred" }), []);
  });

  const refused: [what: string, values: Record<string, unknown>, problem: RegExp][] = [
    ["no namespaces", {}, /^namespaces is required/],
    ["none at all", { namespaces: [] }, /^namespaces must be a list such as/],
    ["one that is text", { namespaces: ["gold-0"] }, /^namespaces\[0\] must be an object/],
    ["one without a name", { namespaces: [{ label: "A", size: 16 }] }, /^namespaces\[0\]\.name is required/],
    ["one without a label", { namespaces: [{ name: "a", size: 16 }] }, /^namespaces\[0\]\.label is required/],
    ["one without a size", { namespaces: [{ name: "a", label: "A" }] }, /^namespaces\[0\]\.size is required/],
    ["a misspelt property", withOne({ align: "2 MiB" }), /^namespaces\[0\]\.align is not a property here/],
    ["a name with a blank", withOne({ name: "gold 0" }), /^namespaces\[0\]\.name must be of at most 63 letters/],
    ["a name with a bar", withOne({ name: "a|b" }), /^namespaces\[0\]\.name must be of/],
    ["a name with a comma", withOne({ name: "a,b" }), /^namespaces\[0\]\.name must be of/],
    ["a name with a colon", withOne({ name: "a:b" }), /^namespaces\[0\]\.name must be of/],
    ["a name like an option", withOne({ name: "-a" }), /^namespaces\[0\]\.name must be of/],
    ["a name of 64 characters", withOne({ name: "n".repeat(64) }), /^namespaces\[0\]\.name must be of at most 63/],
    ["a label with a dash", withOne({ label: "6-GB" }), /^namespaces\[0\]\.label must be of letters, digits and und/],
    ["a label with a dot", withOne({ label: "6.GB" }), /^namespaces\[0\]\.label must be of letters, digits and und/],
    ["a label with a blank", withOne({ label: "6GB " }), /^namespaces\[0\]\.label must be of letters, digits and und/],
    ["a label of 234 characters", withOne({ label: "L".repeat(234) }), /label must be of at most 233 characters/],
    ["a size without a unit", withOne({ size: "6" }), /^namespaces\[0\]\.size "6" has no unit/],
    ["a size of nothing", withOne({ size: 0 }), /^namespaces\[0\]\.size must be more than 0/],
    ["a size that is a list", withOne({ size: [1] }), /^namespaces\[0\]\.size must be a size, such as "6 GiB"/],
    ["an alignment between", withOne({ alignment: "3 MiB" }), /^namespaces\[0\]\.alignment must be a power of two/],
    ["an alignment of less", withOne({ alignment: "1 KiB" }), /^namespaces\[0\]\.alignment must be a power of two/],
    ["a region by number", withOne({ region: "0" }), /^namespaces\[0\]\.region must be a region's name/],
    ["a node that is none", withOne({ numaNode: -1 }), /^namespaces\[0\]\.numaNode must be a whole number/],
    ["another map", withOne({ map: "ram" }), /^namespaces\[0\]\.map must be "dev" or "mem"/],
    [
      "a name twice",
      { namespaces: [one, { ...one, label: "A" }] },
      /^namespaces\[1\]\.name is the name of namespaces\[0\] already/,
    ],
    [
      "labels that differ by case",
      { namespaces: [one, { name: "b", label: "6gb", size: 16 }] },
      /^namespaces\[1\]\.label must be spelt in one way: "6GB" and "6gb" are both CUSTOM_PMEM_NAMESPACE_6GB/,
    ],
    [
      "labels that are one class",
      {
        namespaces: [
          { ...one, label: "a_b" },
          { name: "b", label: "a__b", size: 16 },
        ],
      },
      /^namespaces\[1\]\.label must be spelt in one way: "a_b" and "a__b" are both CUSTOM_PMEM_NAMESPACE_A_B/,
    ],
    ["a consent to all", { ...withOne({}), consentToDestroy: ["all"] }, /^consentToDestroy\[0\] must name a namespace/],
    ["a consent as text", { ...withOne({}), consentToDestroy: "gold-0" }, /^consentToDestroy must be a list/],
    ["another activation", { ...withOne({}), activation: "later" }, /^activation must be/],
  ];
  for (const [what, values, problem] of refused) {
    it(`are refused with ${what}`, () => {
      const problems = problemsOf(values);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, problem);
    });
  }

  it("name every problem at once", () => {
    const problems = problemsOf({ namespaces: [{ name: "a b", label: "a-b", size: "x" }, 7], activation: "later" });
    assert.equal(problems.length, 5);
  });

  it("may be what a damaged host left in state", () => {
    const inputs = new Inputs({ owner: "a/b/c", namespaces: [] }, "", []);
    assert.deepEqual(persistentMemory.check(inputs, readCommon(inputs)).namespaces, []);
  });
});

describe("the resource class of a label", () => {
  it("is in capitals, with an underscore for all that is no letter or digit", () => {
    assert.equal(resourceClassOf("6GB"), "CUSTOM_PMEM_NAMESPACE_6GB");
    assert.equal(resourceClassOf("a-b..c"), "CUSTOM_PMEM_NAMESPACE_A_B_C");
  });
});
