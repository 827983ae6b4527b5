import assert from "node:assert/strict";
import * as fc from "fast-check";
import { formatMib, formatSize, parseSize, toMib } from "../../provider/core/size";

describe("a size", () => {
  const good: [string | number, number][] = [
    ["1 TiB", 1048576],
    ["512 MiB", 512],
    ["1.5 GiB", 1536],
    ["0.25GiB", 256],
    [" 2048 KiB ", 2],
    [1024, 1024],
    [0, 0],
    ["8191 TiB", 8191 * 1048576],
  ];
  for (const [input, mib] of good) {
    it(`${JSON.stringify(input)} is ${mib} MiB`, () => assert.equal(toMib(parseSize(input)), mib));
  }

  const bad: [string | number, RegExp][] = [
    ["1024", /"1024" has no unit: write "1024 MiB", or the number without quotes/],
    ["1 GB", /^"1 GB" has a unit that can mean powers of 1000, .* 1024: write "1 GiB"$/],
    ["1.5T", /write "1.5 TiB"/],
    ["1 mib", /^"1 mib" has a unit in other letters than here: write "1 MiB"$/],
    ["1 PiB", /the units are KiB, MiB, GiB, TiB/],
    ["lots", /write a number and a unit/],
    ["", /write a number and a unit/],
    ["-1 GiB", /write a number and a unit/],
    ["1,5 GiB", /write a number and a unit/],
    ["1e3 MiB", /write a number and a unit/],
    ["0.0001 KiB", /not a whole number of bytes/],
    ["8192 TiB", /too large: write at most 8191 TiB/],
    ["99999999999999999999 GiB", /too large/],
    [1.5, /1.5 is no size: a number is a whole number of MiB/],
    [-1, /no size/],
    [Number.NaN, /no size/],
    [2 ** 53, /too large/],
  ];
  for (const [input, message] of bad) {
    it(`${JSON.stringify(input)} is refused with advice`, () =>
      assert.throws(() => parseSize(input), { name: "RangeError", message }));
  }

  it("that is a long text is refused before anything is reckoned", () => {
    assert.throws(() => parseSize(`${"9".repeat(1_000_000)} MiB`), /a text of 1000004 characters is no size/);
  });

  it("that is no whole number of MiB is refused where MiB are needed", () => {
    assert.throws(() => toMib(parseSize("1.5 KiB")), /1.5 KiB is not a whole number of MiB/);
    assert.throws(() => toMib(parseSize("100 KiB")), /100 KiB is not/);
  });

  it("is exact where floating point is not", () => {
    assert.equal(parseSize("0.7 KiB".replace("0.7", "0.75")).bytes, 768);
    assert.equal(parseSize("1.1 TiB".replace("1.1", "1.125")).bytes, 1152 * 2 ** 30);
  });
});

describe("a size in a message", () => {
  for (const [mib, text] of [
    [1048576, "1 TiB"],
    [1536, "1.5 GiB"],
    [1023, "1023 MiB"],
    [1025, "1025 MiB"],
    [0, "0 MiB"],
    [1310720, "1.25 TiB"],
  ] as const) {
    it(`shows ${mib} MiB as ${text}`, () => assert.equal(formatMib(mib), text));
  }

  it("reads back as the same size", () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 31 - 1 }), (mib) => toMib(parseSize(formatMib(mib))) === mib));
    fc.assert(fc.property(fc.nat(), (bytes) => parseSize(formatSize({ bytes })).bytes === bytes));
  });
});
