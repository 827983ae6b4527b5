import { strict as assert } from "node:assert";
import { divide } from "../../../sdk/nodejs/batches";
import { parseDuration } from "../../../sdk/nodejs/duration";
import type { RolloutOptions } from "../../../sdk/nodejs/rollout";

const names = ["a", "b", "c", "d", "e"];

describe("hosts of a rollout", () => {
  const cases: [string, RolloutOptions, string[][]][] = [
    ["one canary and ten at once, unless told otherwise", {}, [["a"], ["b", "c", "d", "e"]]],
    ["as many canaries and hosts at once as told", { canary: 2, batch: 2 }, [["a", "b"], ["c", "d"], ["e"]]],
    [
      "named canaries first, the others in their order",
      { canary: ["d", "b"], batch: 2 },
      [["d", "b"], ["a", "c"], ["e"]],
    ],
    ["a canary that is named twice once", { canary: ["d", "d"] }, [["d"], ["a", "b", "c", "e"]]],
    [
      "no canary",
      { canary: 0, batch: 3 },
      [
        ["a", "b", "c"],
        ["d", "e"],
      ],
    ],
    ["no canary by names", { canary: [] }, [names]],
    ["more canaries than hosts", { canary: 9 }, [names]],
    ["one after the other", { canary: 1, batch: 1 }, names.map((name) => [name])],
  ];
  for (const [name, options, batches] of cases) {
    it(`are divided: ${name}`, () => assert.deepEqual(divide(names, options).batches, batches));
  }

  it("may be none", () => assert.deepEqual(divide([], { canary: 1 }).batches, []));

  const wrong: [string, Record<string, unknown>, RegExp][] = [
    ["a batch of none", { batch: 0 }, /^rollout: batch: must be a whole number of hosts, 1 or more, not 0$/],
    ["a batch that is no number", { batch: "10%" }, /^rollout: batch: .*not "10%"$/],
    ["less than no canary", { canary: -1 }, /^rollout: canary: .*0 or more, not -1$/],
    ["half a canary", { canary: 0.5 }, /^rollout: canary: /],
    [
      "a canary that is no host",
      { canary: ["a", "x"] },
      /^rollout: canary\[1\]: no host is called "x"; name one of a, b/,
    ],
    ["a pause without a unit", { pause: "10" }, /^rollout: pause: must be seconds or text such as/],
    ["a pause of days", { pause: "25 h" }, /^rollout: pause: .*24 h at most, not "25 h"$/],
    ["a pause backwards", { pause: -1 }, /^rollout: pause: /],
  ];
  for (const [name, options, message] of wrong) {
    it(`are refused with the property's name and what to do: ${name}`, () => {
      assert.throws(() => divide(names, options as RolloutOptions), { message });
    });
  }
});

describe("a time", () => {
  it("is seconds, or text with a unit", () => {
    const given = [0, 90, "90 s", "1.5 min", "2 h", "2h"];
    assert.deepEqual(given.map(parseDuration), [0, 90, 90, 90, 7200, 7200]);
    for (const wrong of ["", "90", "1 day", "-1 s", "1e3 s", Number.NaN, Number.POSITIVE_INFINITY, null, {}, true]) {
      assert.equal(parseDuration(wrong), undefined, JSON.stringify(wrong));
    }
  });
});
