import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { mountUnit } from "../../../provider/core/host/units";

/** What systemd itself makes of paths, in one call. */
function systemdEscape(paths: readonly string[]): string[] {
  const output = execFileSync("systemd-escape", ["--path", "--suffix=mount", "--", ...paths], { encoding: "utf8" });
  return output.trim().split(" ");
}

describe("the unit of a mount point", () => {
  it("has the name that systemd-escape gives it, for odd paths", () => {
    const paths = [
      "/var/lib/libvirt/qemu/ram",
      "/srv/guest memory",
      "/srv/guest-memory",
      "/.hidden/.store",
      "/a_b:c.d/0",
      "/srv/%h@x",
      "/srv/a!#$&'()*+,;<=>?[]^`{|}~",
      "/srv/sp\u00e4t",
    ];
    assert.deepEqual(paths.map(mountUnit), systemdEscape(paths));
  });

  it("has the name that systemd-escape gives it, for any path of printable ASCII", () => {
    const name = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
    });
    const part = name.filter((text) => !text.includes("/") && text !== "." && text !== "..");
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
    const paths = fc.sample(path, { numRuns: 400, seed: 7 });
    assert.deepEqual(paths.map(mountUnit), systemdEscape(paths));
  });
});
