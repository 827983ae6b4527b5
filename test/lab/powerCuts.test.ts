import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { sampled } from "../support/sampled";
import { cleanMachine } from "./support/cleanMachine";
import { LabStack } from "./support/labStack";
import { drawnPoint, PowerCuts } from "./support/powerCuts";
import { programOf } from "./support/programs";

const mountPoint = "/srv/guests/store";

/**
 * What ends a command, and the next one that would finish it, and so on: each cut comes in what recovers from the last one.
 * Each takes a boot, a minute or two on an emulated processor: only a full run has them.
 */
const row = sampled<"power" | "reboot">("power cuts in a row", ["power", "power", "reboot", "power", "power"], 0);

/** Within so many processes of its applies a command is cut: about a third of all, so that a row comes to their end. */
const processes = { up: 40, destroy: 30 };

describe("an apply on a machine that goes down", function () {
  this.timeout(60 * 60_000);
  let host: LabHost;
  let stack: LabStack;
  let cuts: PowerCuts;

  before(async function () {
    this.timeout(60 * 60_000);
    host = await cleanMachine();
    const store = { device: host.disksById[0]!, mountPoint };
    const memory = { capacity: "auto", memoryBackingDir: mountPoint };
    stack = await LabStack.create(host, { program: programOf({ store, memory }) });
    cuts = await PowerCuts.on(host, stack);
  });
  after(async () => {
    stack?.remove();
    // Where that fails, the machine is found not to be as it was, and is thrown away.
    await host
      ?.execute(`wipefs --quiet --all ${host.disksById[0]}; blkdiscard -f ${host.disksById[0]}`)
      .catch(() => {});
  });

  if (row.length === 0) return;
  for (const verb of ["up", "destroy"] as const) {
    for (const [index, how] of row.entries()) {
      it(`boots with every file whole after a ${how === "power" ? "power cut" : "reboot"} in ${verb} (${index + 1})`, async () => {
        const trial = `${verb}, ${index + 1} in a row, ${how}`;
        await cuts.cut(trial, drawnPoint(trial, processes[verb]), () => stack[verb]({ mustSucceed: false }), how);
      });
    }
    it(`finishes with the next ${verb} what all of these ended`, async () => {
      await cuts.converge(() => stack[verb]());
      if (verb === "up") {
        await stack.preview({ expectNoChanges: true });
      } else {
        await cuts.restored();
        await host.succeed("virsh -q list");
      }
    });
  }

  it("was mostly in the middle of its work when that happened", () => {
    assert.ok(cuts.inTheMiddle >= row.length, `${cuts.inTheMiddle} of ${2 * row.length} times`);
  });
});
