import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { sampled } from "../support/sampled";
import { ApplyCut } from "./support/applyCut";
import { cleanMachine } from "./support/cleanMachine";
import { LabStack } from "./support/labStack";
import { drawnPoint, PowerCuts } from "./support/powerCuts";
import { programOf } from "./support/programs";

const mountPoint = "/srv/guests/store";

interface Round {
  round: number;
  how: "power" | "reboot";
}

/** Each takes two boots, minutes on an emulated processor: a normal run has the one cut of boot.test.ts. */
const rounds = sampled<Round>(
  "rounds of power cuts",
  [
    { round: 1, how: "power" },
    { round: 2, how: "power" },
    { round: 3, how: "power" },
    { round: 4, how: "power" },
    { round: 5, how: "reboot" },
  ],
  0,
);

describe("an apply on a machine that goes down", function () {
  this.timeout(60 * 60_000);
  let host: LabHost;
  let stack: LabStack;
  let cuts: PowerCuts;
  const processes = { up: 0, destroy: 0 };

  before(async function () {
    this.timeout(60 * 60_000);
    host = await cleanMachine();
    const store = { device: host.disksById[0]!, mountPoint };
    const memory = { capacity: "auto", memoryBackingDir: mountPoint };
    stack = await LabStack.create(host, { program: programOf({ store, memory }) });
    cuts = await PowerCuts.on(host, stack);
    for (const verb of ["up", "destroy"] as const) {
      const counted = await ApplyCut.begin(host);
      await stack[verb]();
      processes[verb] = await counted.count();
      await counted.end();
    }
    await host.succeed(`blkdiscard -f ${host.disksById[0]}`);
  });
  after(async () => {
    stack?.remove();
    // Where that fails, the machine is found not to be as it was, and is thrown away.
    await host
      ?.execute(`wipefs --quiet --all ${host.disksById[0]}; blkdiscard -f ${host.disksById[0]}`)
      .catch(() => {});
  });

  for (const { round, how } of rounds) {
    for (const verb of ["up", "destroy"] as const) {
      it(`finishes with the next ${verb} what a ${how === "power" ? "power cut" : "reboot"} ended (${round})`, async () => {
        const trial = `${verb} ${round}, ${how}`;
        await cuts.cut(trial, drawnPoint(trial, processes[verb]), () => stack[verb]({ mustSucceed: false }), how);
        await cuts.converge(() => stack[verb]());
        if (verb === "up") {
          await stack.preview({ expectNoChanges: true });
        } else {
          await cuts.restored();
          await host.succeed("virsh -q list");
          // Half of the rounds begin with a blank disk, the others adopt what is kept there.
          if (round % 2 === 0) await host.succeed(`blkdiscard -f ${host.disksById[0]}`);
        }
      });
    }
  }

  if (rounds.length > 0) {
    it("was mostly in the middle of its work when that happened", () => {
      assert.ok(cuts.inTheMiddle >= rounds.length, `${cuts.inTheMiddle} of ${2 * rounds.length} times`);
    });
  }
});
