import { strict as assert } from "node:assert";
import { kinds } from "../../provider/core/kinds";
import { fileBackedMemoryConfig } from "../../provider/core/kinds/fileBackedMemoryConfig";
import { readArgs } from "../support/plans/planCase";
import { Sandbox } from "../support/sandbox/sandbox";

const novaConf = "/etc/nova/nova.conf";
const kind = kinds.get(fileBackedMemoryConfig.name)!;

describe("what other applies have left on a host", function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  afterEach(() => sandbox?.remove());

  const left = () => sandbox.run("ls -A /var/lib/hostmem/apply").trim().split("\n");

  it("goes when it is old, stays while somebody may come for it, and does not outlive the last object", () => {
    sandbox = new Sandbox();
    for (const file of [novaConf, "/etc/nova/nova-compute.conf", "/etc/libvirt/qemu.conf"])
      sandbox.write(file, "# empty\n");
    for (const id of ["cut-long-ago", "starting", "cut", "done-long-ago", "done"]) {
      sandbox.write(`/var/lib/hostmem/apply/${id}/log`, "");
      if (id.startsWith("done")) sandbox.write(`/var/lib/hostmem/apply/${id}/status`, "applied\n");
    }
    sandbox.write("/var/lib/hostmem/apply/cut/follower", "1\n");
    sandbox.run("touch -d '2 hours ago' /var/lib/hostmem/apply/*-long-ago");
    const facts = () => sandbox.host([novaConf, "/etc/nova/nova-compute.conf", "/etc/libvirt/qemu.conf"]).facts();
    const args = readArgs(kind, { capacity: "1 GiB", activation: "deferred" });

    const { plan } = kind.evaluate(args, facts(), { recorded: undefined, planned: [] });
    assert.equal(sandbox.apply(plan).report.status, "applied");
    assert.deepEqual(left(), ["done", "starting"]);
    assert.equal(sandbox.apply(kind.undo(args, facts()).plan).report.status, "applied");
    assert.deepEqual(left(), ["starting"]);
  });
});
