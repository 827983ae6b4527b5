import { strict as assert } from "node:assert";
import { readCommon } from "../../../provider/core/inputs/common";
import { Inputs } from "../../../provider/core/inputs/problem";
import { parseReservation } from "../../../provider/core/kinds/pageReservations";
import { allowedSizes, formatPageSize, hostSizes, parsePageSize } from "../../../provider/core/kinds/pageSize";
import { pageSizePolicy } from "../../../provider/core/kinds/pageSizePolicy";
import { type PagedGuest, pageVerdict } from "../../../provider/core/kinds/pageVerdict";
import { DescribedPages } from "../../support/plans/describedPages";

describe("a page size", () => {
  it("is a number of KiB, or text with a unit", () => {
    for (const [written, kib] of [
      [4, 4],
      [1048576, 1048576],
      ["4 KiB", 4],
      ["2 MiB", 2048],
      ["2MiB", 2048],
      ["0.5 GiB", 524288],
    ] as const) {
      assert.equal(parsePageSize(written), kib);
    }
  });

  it("is nothing else, and the refusal says what to write", () => {
    assert.throws(() => parsePageSize("2048"), /write 2048 without quotes for KiB/);
    assert.throws(() => parsePageSize("2 MB"), /write "2 MiB"/);
    for (const odd of [0, -4, 1.5, 1e300, Number.NaN, true, null, undefined, "0 KiB", "", "big"]) {
      assert.throws(() => parsePageSize(odd), RangeError, String(odd));
    }
  });

  it("is shown in the largest unit", () => {
    assert.deepEqual([4, 64, 2048, 524288, 1048576, 16777216].map(formatPageSize), [
      "4 KiB",
      "64 KiB",
      "2 MiB",
      "512 MiB",
      "1 GiB",
      "16 GiB",
    ]);
  });
});

describe("allowed page sizes", () => {
  const x86 = new DescribedPages({}).facts;
  const arm = new DescribedPages({ basePageKib: 64, sizes: [2048, 524288] }).facts;

  it("mean on each host what they mean in a flavor", () => {
    assert.deepEqual(hostSizes(x86), [1048576, 2048, 4]);
    assert.deepEqual(allowedSizes("any", x86), { sizes: [1048576, 2048, 4], unknown: [] });
    assert.deepEqual(allowedSizes("small", arm), { sizes: [64], unknown: [] });
    assert.deepEqual(allowedSizes("large", arm), { sizes: [524288, 2048], unknown: [] });
    assert.deepEqual(allowedSizes(["small", "1 GiB", 4], x86), { sizes: [1048576, 4], unknown: [] });
    assert.deepEqual(allowedSizes([4, "16 KiB", 2048], arm), { sizes: [2048], unknown: [4, 16] });
  });
});

describe("the inputs of a PageSizePolicy", () => {
  function problemsOf(declared: Record<string, unknown>): string[] {
    const problems: Inputs["problems"] = [];
    const inputs = new Inputs({ owner: "a/b/c", ...declared }, "", problems);
    pageSizePolicy.check(inputs, readCommon(inputs));
    return problems.map(({ path, message }) => `${path} ${message}`);
  }

  it("may be left out, and may be words, sizes and lists", () => {
    for (const allowed of [undefined, "any", "small", "large", 4, "2 MiB", ["small", 2048], ["large"]]) {
      assert.deepEqual(problemsOf({ allowed }), []);
    }
    const pools = [
      { size: "1 GiB", node: 1, count: 0 },
      { size: 2048, count: 7 },
    ];
    assert.deepEqual(problemsOf({ pools, enforceBy: "empty-pools", trait: "CUSTOM_X", traitBy: "placement" }), []);
  });

  it("are told to be a list where they are written as an option of Nova would be", () => {
    assert.deepEqual(problemsOf({ allowed: "small, 2 MiB" }), [
      'allowed must be a list for several sizes: ["small","2 MiB"]',
    ]);
  });

  it("are refused by their paths", () => {
    const found = [
      ...problemsOf({ allowed: [] }),
      ...problemsOf({ allowed: "huge" }),
      ...problemsOf({ allowed: ["small", "2048"] }),
      ...problemsOf({ allowed: true }),
      ...problemsOf({ allowed: [4, { toString: 4 }] }),
      ...problemsOf({ pools: {} }),
      ...problemsOf({ pools: [7, { size: "2 MB", count: 1 }, { size: 4, count: -1 }, { size: 4 }] }),
      ...problemsOf({ pools: [{ size: 2048, count: 1, nodes: 0 }] }),
      ...problemsOf({ enforceBy: "hope" }),
      ...problemsOf({ atBoot: "never" }),
      ...problemsOf({ trait: "LARGE" }),
      ...problemsOf({ traitBy: "placement" }),
    ];
    assert.deepEqual(
      found.map((each) => each.split(" ")[0]),
      [
        "allowed",
        "allowed",
        "allowed[1]",
        "allowed",
        "allowed[1]",
        "pools",
        "pools[0]",
        "pools[1].size",
        "pools[2].count",
        "pools[3].count",
        "pools[0].nodes",
        "enforceBy",
        "atBoot",
        "trait",
        "traitBy",
      ],
    );
  });
});

describe("an entry of reserved_huge_pages", () => {
  it("is read as Nova reads it", () => {
    const read = (size: string) => parseReservation(`node:0,size:${size},count:3`)?.sizeKib;
    assert.deepEqual(parseReservation("node: 1 , size:2048 ,count:64"), { node: 1, sizeKib: 2048, count: 64 });
    assert.deepEqual(
      ["4", "2MB", "2MiB", "1GB", "4KB", "2Mib", "2Mb", "4096B"].map(read),
      [4, 2048, 2048, 1048576, 4, 256, 256, 4],
    );
  });

  it("is none where Nova would not start", () => {
    const odd = ["", "node:0,size:2M,count:1", "node:0,size:1G,count:1", "node:0,size:2048", "size:4,count:1"];
    odd.push("node:a,size:4,count:1", "node:0,size:4,count:1.5", "node:0,node:0,size:4,count:1", "0,2048,1");
    assert.deepEqual(
      odd.filter((text) => parseReservation(text) !== undefined),
      [],
    );
  });
});

describe("Nova's answer to a guest on a host of 4 KiB, 2 MiB and 1 GiB pages", () => {
  const total = (sizeKib: number) => (8 * 1048576) / sizeKib;
  const node = (reserved: number[]) => ({
    pages: [4, 2048, 1048576].map((sizeKib) => ({
      sizeKib,
      total: total(sizeKib),
      used: 0,
      reserved: reserved.includes(sizeKib) ? total(sizeKib) : 0,
    })),
  });
  const guest = (request: PagedGuest["request"], topology: PagedGuest["topology"] = "numa") => ({
    request,
    topology,
    memoryKib: 1048576,
  });
  const states = [[], [2048, 1048576], [4], [4, 1048576]];
  const no = undefined;
  // The table that was made by running Nova's own code, 26.2.2 and 33.0.0.
  const table: [string, PagedGuest, (number | undefined)[], (number | undefined)[]?][] = [
    ["small", guest("small"), [4, 4, no, no]],
    ["4", guest(4), [4, 4, no, no]],
    ["large", guest("large"), [1048576, no, 1048576, 2048]],
    ["any", guest("any"), [1048576, 4, 1048576, 2048]],
    ["2048", guest(2048), [2048, no, 2048, 2048]],
    ["1 GiB", guest(1048576), [1048576, no, 1048576, no]],
    ["nothing, pinned", guest(undefined, "pinned"), [4, 4, 4, 4], [4, 4, no, no]],
    ["nothing, with hw:numa_nodes", guest(undefined, "numa"), [4, 4, 4, 4]],
    ["nothing, without a topology", guest(undefined, "none"), [4, 4, 4, 4]],
  ];
  for (const [name, asked, before, after = before] of table) {
    it(`that asks for ${name}`, () => {
      for (const [major, expected] of [
        [29, before],
        [30, after],
      ] as const) {
        const given = states.map((reserved) => {
          const verdict = pageVerdict(node(reserved), asked, major);
          return verdict.fits ? verdict.sizeKib : undefined;
        });
        assert.deepEqual(given, expected, `Nova ${major}`);
      }
    });
  }

  it("that is no multiple of the page, or larger than the node, or asks for an unknown size, is no", () => {
    assert.equal(pageVerdict(node([]), { ...guest(1048576), memoryKib: 1048576 + 4 }, 26).fits, false);
    assert.equal(pageVerdict(node([]), { ...guest(undefined), memoryKib: 9 * 1048576 }, 26).fits, false);
    assert.equal(pageVerdict(node([]), guest(65536), 26).fits, false);
  });
});
