import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { classesOf, describeTraits, guestsOf } from "../../../provider/core/migration/classes";
import { folded, unfolded } from "../../../provider/core/migration/hostNames";
import type { HostTraits } from "../../../provider/core/migration/traits";
import { fileBacked, named, ofNova, plain } from "./hosts";

describe("names of hosts", () => {
  it("that differ by a number become a range", () => {
    const rows: [string[], string[]][] = [
      [["compute-1", "compute-2", "compute-3"], ["compute-[1-3]"]],
      [
        ["compute-1", "compute-3"],
        ["compute-1", "compute-3"],
      ],
      [["compute-1", "compute-2", "compute-9"], ["compute-[1-2,9]"]],
      [
        ["node08.rack1.example.net", "node09.rack1.example.net", "node10.rack1.example.net"],
        ["node10.rack1.example.net", "node[08-09].rack1.example.net"],
      ],
      [["c-0", "c-1", "c-2", "c-10"], ["c-[0-2,10]"]],
      [
        ["b", "a", "a"],
        ["a", "b"],
      ],
      [
        ["odd[1]", "compute-1"],
        ["compute-1", "odd[1]"],
      ],
    ];
    for (const [names, expected] of rows) assert.deepEqual(folded(names), expected);
  });

  it("come back from their ranges, whatever they are", () => {
    const name = fc.oneof(
      fc
        .tuple(
          fc.constantFrom("c", "compute-", "10.0.", ""),
          fc.nat({ max: 40 }),
          fc.constantFrom("", ".x", "a", ".r1"),
        )
        .map((parts) => parts.join("")),
      fc
        .tuple(fc.constantFrom("n", "r2-"), fc.nat({ max: 20 }))
        .map(([head, number]) => `${head}${String(number).padStart(2, "0")}`),
      fc.stringMatching(/^[a-z0-9.-]{1,12}$/),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 60 }), (names) => {
        assert.deepEqual(unfolded(folded(names)).sort(), [...new Set(names)].sort());
      }),
    );
  });
});

describe("classes of hosts", () => {
  it("have all hosts that are alike, in whatever order they and their properties come", () => {
    const hosts = [named("b", fileBacked), named("a", plain), named("c", { ...plain, pageSizes: [4] })];
    const classes = classesOf(hosts);
    assert.deepEqual(
      classes.map(({ name, count, hosts: names }) => [name, count, names]),
      [
        ["A", 2, ["a", "c"]],
        ["B", 1, ["b"]],
      ],
    );
    assert.deepEqual(classesOf([...hosts].reverse()), classes);
  });

  it("differ by everything that a rule looks at", () => {
    const others: Partial<HostTraits>[] = [
      { nova: "27.0.0" },
      { libvirt: "9.1.0" },
      { qemu: "7.2.23" },
      { fileBacked: true },
      { basePageKib: 64 },
      { pageSizes: [4, 2048] },
      { pmem: [{ label: "6GB" }] },
      { postCopy: true },
    ];
    for (const other of others) {
      assert.equal(classesOf([named("a", plain), named("b", { ...plain, ...other })]).length, 2, JSON.stringify(other));
    }
  });

  it("stay small for a thousand hosts, and have letters for names", () => {
    const kinds = Array.from({ length: 30 }, (_, index) => ofNova("33.0.0", { qemu: `10.0.${index}` }));
    const hosts = Array.from({ length: 1000 }, (_, index) =>
      named(`compute-${index}.example.net`, kinds[index % 2 ? 0 : 1]!),
    );
    const two = classesOf(hosts);
    assert.equal(two.length, 2);
    const inRow = classesOf(hosts.map(({ host }, index) => named(host, kinds[index < 500 ? 0 : 1]!)));
    assert.ok(JSON.stringify(inRow).length < 1000, JSON.stringify(inRow));
    const many = classesOf(kinds.map((traits, index) => named(`h${index}`, traits)));
    assert.deepEqual(
      many.slice(24, 28).map(({ name }) => name),
      ["Y", "Z", "AA", "AB"],
    );
  });

  it("are described in a line", () => {
    const traits = ofNova("33.0.0", {
      fileBacked: true,
      postCopy: true,
      pmem: [{ label: "6GB", sizeKib: 6291456, alignmentKib: 2048 }, { label: "X" }],
    });
    assert.equal(
      describeTraits(traits),
      "file-backed memory; Nova 33.0.0; libvirt 11.0.0; QEMU 10.0.0; pages of 4 KiB; persistent memory 6GB (6 GiB, aligned to 2 MiB), X (size unknown); post-copy permitted",
    );
    assert.match(describeTraits({ ...plain, pageSizes: [] }), /no pages for guests that ask for a size/);
  });

  it("have the kinds of guests that one of them can have", () => {
    const words = (...hosts: HostTraits[]) =>
      guestsOf(classesOf(hosts.map((traits, at) => named(`h${at}`, traits)))).map((guest) =>
        Object.values(guest).join(" "),
      );
    assert.deepEqual(words(ofNova("25.0.0")), ["plain", "page-size small", "page-size large", "page-size any"]);
    assert.deepEqual(
      words(plain, ofNova("31.0.0", { pageSizes: [4, 2048, 1048576], pmem: [{ label: "b" }, { label: "a" }] })),
      [
        "plain",
        "page-size small",
        "page-size large",
        "page-size any",
        "page-size 2048",
        "page-size 1048576",
        "pmem a",
        "pmem b",
        "locked",
        "shares",
      ],
    );
  });
});
