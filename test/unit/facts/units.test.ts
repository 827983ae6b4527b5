import { strict as assert } from "node:assert";
import { Sections } from "../../../provider/core/facts/sections";
import { libvirtUnit, parseUnits, refusedLibvirt } from "../../../provider/core/facts/units";

/** What is known of units of which systemctl prints this. */
function unitsOf(...units: Record<string, string>[]) {
  const blocks = units.map((unit) => Object.entries({ LoadState: "loaded", UnitFileState: "enabled", ...unit }));
  const text = blocks.map((block) => block.map((pair) => pair.join("=")).join("\n")).join("\n\n");
  return parseUnits(Sections.parse("host", "nonce", `\nnonce units\n${text}\n\nnonce end\n`));
}

const asked = { AssertResult: "no", AssertTimestampMonotonic: "12345" };

describe("a libvirt daemon that its store's guard has refused", () => {
  it("is one that was asked to start and does not run, and no other", () => {
    const of = (unit: Record<string, string>) => refusedLibvirt(unitsOf({ Id: "libvirtd.service", ...unit }))?.name;
    assert.equal(of({ ActiveState: "inactive", ...asked }), "libvirtd.service");
    assert.equal(of({ ActiveState: "failed", ...asked }), "libvirtd.service");
    assert.equal(of({ ActiveState: "active", ...asked }), undefined);
    assert.equal(of({ ActiveState: "inactive", ...asked, AssertTimestampMonotonic: "0" }), undefined);
    assert.equal(of({ ActiveState: "inactive", ...asked, AssertResult: "yes" }), undefined);
    assert.equal(of({ ActiveState: "inactive", ...asked, UnitFileState: "disabled" }), undefined);
  });

  it("may be one that only its socket starts, and not the one that is loaded first", () => {
    const units = unitsOf(
      { Id: "virtqemud.service", ActiveState: "inactive", AssertResult: "no", AssertTimestampMonotonic: "0" },
      { Id: "libvirtd.service", ActiveState: "inactive", ...asked, UnitFileState: "disabled" },
      { Id: "libvirtd.socket", ActiveState: "failed" },
    );
    assert.equal(refusedLibvirt(units)?.name, "libvirtd.service");
    assert.equal(libvirtUnit(units)?.name, "virtqemud.service");
  });
});
