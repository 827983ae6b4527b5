import assert from "node:assert/strict";
import {
  parseDictionary,
  parseFloat as parseFloatingPoint,
  parseInteger,
  parseList,
} from "../../../provider/core/files/osloConfig";

const value = <T>(result: { ok: true; value: T } | { ok: false; reason: string }) =>
  result.ok ? result.value : result.reason;

describe("an integer option", () => {
  for (const [text, expected] of [
    ["1_024", 1024],
    [" 7\n", 7],
    ["+5", 5],
    ["007", 7],
    ["-3", -3],
    ["", null],
    ["  ", null],
  ] as const) {
    it(`takes ${JSON.stringify(text)}`, () => assert.equal(value(parseInteger(text)), expected));
  }
  for (const text of ["1024.0", "1024 # x", "1__0", "_1", "1e3", "0x10", "1 TiB"]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.match(String(value(parseInteger(text))), /invalid literal for int/));
  }
  it("keeps to its bounds", () => {
    assert.equal(value(parseInteger("-1", { min: 0 })), "Should be greater than or equal to 0");
    assert.equal(value(parseInteger("9", { max: 8 })), "Should be less than or equal to 8");
  });
});

describe("a number option", () => {
  const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");

  it("takes digits and blanks of any script, as Python does", () => {
    assert.equal(value(parseInteger(bytes("\u00a0\u0665\u0661\u2003"))), 51);
    assert.equal(value(parseInteger(bytes("\u{1d7d9}\u{1d7ce}"))), 10);
    assert.equal(value(parseFloatingPoint(bytes("\u0661.\uff15"))), 1.5);
    assert.equal(value(parseInteger(bytes("\u00a0"))), null);
    assert.match(String(value(parseInteger(bytes("\u00b2")))), /invalid literal/);
  });
});

describe("a float option", () => {
  for (const [text, expected] of [
    ["1", 1],
    ["1.0", 1],
    [".5", 0.5],
    ["5.", 5],
    ["1_0.0_1", 10.01],
    ["1e3", 1000],
    ["-inf", -Infinity],
    ["", null],
  ] as const) {
    it(`takes ${JSON.stringify(text)}`, () => assert.equal(value(parseFloatingPoint(text)), expected));
  }
  it("takes nan, which no bound refuses", () => assert.ok(Number.isNaN(value(parseFloatingPoint("nan", { min: 0 })))));
  for (const text of ["1,5", "1.0x", ".", "1_.0", "e3"]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.match(String(value(parseFloatingPoint(text))), /could not convert/));
  }
});

it("a list option drops empty parts at the end only", () => {
  assert.deepEqual(parseList(" a , b,,c,, "), ["a", "b", "", "c"]);
  assert.deepEqual(parseList(" , "), [""].slice(1));
});

it("a dictionary option reads pairs, and refuses what oslo.config refuses", () => {
  assert.deepEqual(value(parseDictionary("node:0, size:1:2 ,count: 64")), { node: "0", size: "1:2", count: "64" });
  assert.deepEqual(value(parseDictionary("a,b:1")), { "a,b": "1" });
  assert.deepEqual(value(parseDictionary(" ")), {});
  assert.match(String(value(parseDictionary("a:1,b"))), /NAME:VALUE pairs/);
  assert.match(String(value(parseDictionary("a:1,a:2"))), /Duplicate key a/);
  assert.match(String(value(parseDictionary(":1"))), /should not be empty/);
});
