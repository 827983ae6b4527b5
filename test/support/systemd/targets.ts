import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { mountUnit } from "../../../provider/core/host/units";
import { type AnyTarget, target } from "../fuzz/target";

const name = fc
  .oneof(
    fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 1 }),
    fc.string({ unit: "grapheme", minLength: 1 }),
    fc.constantFrom(".hidden", "a\tb", "a\nb", "x-y", "\\x2d", "a:b_c.d"),
  )
  .filter((text) => !/[/\0\ud800-\udfff]/u.test(text) && text !== "." && text !== "..");
const path = fc
  .tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.constantFrom("/", "//"), fc.constantFrom("", "/"))
  .map(([names, slash, end]) => `/${names.join(slash)}${end}`);

/** What is true of names of units, with systemd-escape(1) as the judge: many paths at a time, since it is a process each. */
export const systemdTargets: AnyTarget[] = [
  target({
    name: "mount-unit",
    says: "systemd names the unit of a mount point as we do",
    cases: fc.array(path, { minLength: 1, maxLength: 30, size: "max" }),
    holds: (paths: string[]) => {
      const args = ["--path", "--suffix=mount", "--", ...paths];
      const output = execFileSync("systemd-escape", args, { encoding: "utf8" });
      assert.deepEqual(paths.map(mountUnit), output.trimEnd().split(" "));
    },
    runs: { sample: 20, full: 500 },
  }),
];
