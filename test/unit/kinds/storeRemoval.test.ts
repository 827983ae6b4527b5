import { strict as assert } from "node:assert";
import { type BackingStoreArgs, backingStore } from "../../../provider/core/kinds/backingStore";
import type { Step } from "../../../provider/core/plan/step";
import { DescribedHost } from "../../support/plans/describedHost";
import { perform, readArgs } from "../../support/plans/planCase";

const device = "/dev/disk/by-id/nvme-1";
const guard = "/etc/systemd/system/libvirtd.service.d/hostmem-store.conf";

/** The steps that remove a store, and the host as it was before. */
function removal(): { host: DescribedHost; steps: Step[] } {
  const host = new DescribedHost({ devices: { [device]: {} }, fileSystems: { "/": { total: 64, free: 40 } } });
  const args = readArgs(backingStore as never, { device }) as BackingStoreArgs;
  const facts = () => host.facts(backingStore.probes?.(args));
  perform(host, backingStore.evaluate(args, facts(), { recorded: undefined, planned: [] }).plan.steps);
  return { host, steps: backingStore.undo(args, facts()).plan.steps };
}

describe("a store that is removed", () => {
  it("lets libvirt start at the next boot, wherever its removal is cut", () => {
    const { host, steps } = removal();
    const first = (is: (step: Step) => boolean) => steps.findIndex(is);
    const fstab = first((step) => step.kind === "edit-file" && step.path === "/etc/fstab");
    const guardGone = first((step) => step.kind === "write-file" && step.path === guard);
    const reload = first((step) => step.kind === "call" && step.args.includes("daemon-reload"));
    // Also for a libvirt that is started before the next boot.
    assert.ok(guardGone >= 0 && guardGone < reload && reload < fstab, `${guardGone} ${reload} ${fstab}`);
    for (const step of steps) {
      perform(host, [step]);
      const isMountedAtBoot = host.text("/etc/fstab")?.includes("/var/lib/libvirt/qemu/ram");
      assert.ok(isMountedAtBoot || host.text(guard) === undefined, `after ${JSON.stringify(step)}`);
    }
    assert.equal(host.text(guard), undefined);
  });
});
