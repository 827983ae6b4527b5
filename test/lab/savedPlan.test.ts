import { strict as assert } from "node:assert";
import { join } from "node:path";
import type { LabHost } from "../support/lab/labHost";
import { compareUpper, recordUpper } from "../support/lab/upperRecord";
import { itInFullRuns, sampled } from "../support/sampled";
import { cleanNovaHost } from "./support/cleanHost";
import { LabStack } from "./support/labStack";
import {
  appliesSince,
  expectDaemonsAsConfigured,
  expectPlacement,
  journalPlace,
  novaConf,
  traces,
} from "./support/novaState";
import { type Declared, programOf } from "./support/programs";

const ways: { name: string; declared: (capacity: string) => Declared }[] = [
  { name: "activation by the config itself", declared: (capacity) => ({ memory: { capacity } }) },
  {
    name: "activation by a ServiceActivation",
    declared: (capacity) => ({ memory: { capacity, activation: "deferred" }, activation: {} }),
  },
];

for (const way of sampled("saved plans", ways, 1)) {
  describe(`a saved plan, with ${way.name}`, function () {
    this.timeout(240_000);
    let host: LabHost;
    let stack: LabStack;
    let planFile: string;
    before(async function () {
      this.timeout(20 * 60_000);
      host = await cleanNovaHost();
      stack = await LabStack.create(host, { program: programOf(way.declared("2 GiB")) });
      planFile = join(stack.project.directory, "..", "plan.json");
    });
    after(() => stack?.remove());

    /** Somebody changes the host after the preview: the update must not touch it. */
    async function mustNotRun(): Promise<void> {
      const [upper, place] = [recordUpper(host), await journalPlace(host)];
      const failed = await stack.failingUp({ planFile });
      assert.match(failed.stdout + failed.stderr, /violates plan/);
      assert.deepEqual(compareUpper(upper, recordUpper(host)), []);
      assert.equal(await appliesSince(host, place), 0);
    }

    async function mustRun(memoryMb: number): Promise<void> {
      await stack.up({ planFile });
      await expectPlacement(host, memoryMb);
      await expectDaemonsAsConfigured(host);
      await stack.preview({ expectNoChanges: true });
    }

    it("of a first up is refused once somebody has set an option by hand, and runs without that", async () => {
      await stack.preview({ planFile });
      await host.succeed(`cp -p ${novaConf} /root/kept; sed -i '1a ram_allocation_ratio = 2.0' ${novaConf}`);
      await mustNotRun();
      // The same content again, and a daemon that is not older than its file.
      await host.succeed(`mv /root/kept ${novaConf}`);
      await mustRun(2048);
    });

    itInFullRuns("of a change is refused once somebody has changed our line, and runs without that", async () => {
      stack.project.setProgram(programOf(way.declared("3 GiB")));
      await stack.preview({ planFile });
      await host.succeed(`sed -i 's/^file_backed_memory = 2048$/file_backed_memory = 777/' ${novaConf}`);
      await mustNotRun();
      await host.succeed(`sed -i 's/^file_backed_memory = 777$/file_backed_memory = 2048/' ${novaConf}`);
      await mustRun(3072);
    });

    it("of nothing runs, and does nothing", async () => {
      await stack.preview({ planFile });
      const place = await journalPlace(host);
      await stack.up({ planFile });
      assert.equal(await appliesSince(host, place), 0);
      await stack.destroy();
      assert.deepEqual(await traces(host), []);
    });
  });
}
