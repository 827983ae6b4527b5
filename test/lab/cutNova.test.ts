import { strict as assert } from "node:assert";
import { Cutter } from "../support/fault/cutter";
import type { LabHost } from "../support/lab/labHost";
import { drawn, isFullRun, itInFullRuns } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { cleanNovaHost } from "./support/cleanHost";
import { errorsOf, LabStack } from "./support/labStack";
import {
  expectDaemonsAsConfigured,
  expectNovaUp,
  expectPlacement,
  expectRamInPlacement,
  traces,
} from "./support/novaState";
import { programOf } from "./support/programs";

/** The same as on stand-ins, hundreds of times, in test/lab/cutAnywhere.test.ts: here with Pulumi, and Nova itself. */
describe("an apply on a real Nova host that is killed at one of its system calls", function () {
  this.timeout((isFullRun ? 25 : 10) * 60_000);
  let host: LabHost;
  let stack: LabStack;
  let cutter: Cutter;
  before(async function () {
    this.timeout(20 * 60_000);
    host = await cleanNovaHost();
    cutter = await Cutter.on(host);
    stack = await LabStack.create(host, { program: programOf({ memory: { capacity: "2 GiB" } }) });
  });
  after(async () => {
    stack?.remove();
    await cutter?.remove();
  });

  it("is finished by the next up, or taken back by a destroy, itself cut and done again", async () => {
    cutter.cutAt(0);
    await stack.up();
    const up = cutter.watched().calls;
    cutter.cutAt(0);
    await stack.destroy();
    const destroy = cutter.watched().calls;

    for (const call of drawn("calls of an up on Nova", worthIt(up), isFullRun ? 4 : 1)) {
      const claims = ["converged", "restored"] as const;
      const prove = beginTrial("system calls cut on a real Nova", `${call}: ${up[call - 1]}`, claims);
      cutter.cutAt(call);
      const failed = await stack.failingUp();
      assert.ok(cutter.watched().wasCut, up[call - 1]);
      assert.match(errorsOf(failed), /the apply was cut on the host before its end/, up[call - 1]);
      cutter.cutAt(0);
      await stack.up();
      await expectPlacement(host, 2048);
      await expectDaemonsAsConfigured(host);
      await stack.preview({ expectNoChanges: true });
      prove("converged");

      const [undone] = drawn(`calls of a destroy on Nova ${call}`, worthIt(destroy), 1);
      cutter.cutAt(undone!);
      assert.notEqual((await stack.destroy({ mustSucceed: false })).code, 0, destroy[undone! - 1]);
      cutter.cutAt(0);
      await stack.destroy();
      await expectRamInPlacement(host);
      await expectNovaUp(host);
      await expectDaemonsAsConfigured(host);
      assert.deepEqual(
        await traces(host).then((found) => found.filter((line) => !line.includes("hostmem-apply-.service.d"))),
        [],
      );
      prove("restored");
    }
  });

  itInFullRuns("leaves a host from which a destroy right after it takes all back", async () => {
    cutter.cutAt(0);
    await stack.up();
    const changing = cutter.watched().calls.findIndex((call) => / restart nova-compute/.test(call));
    await stack.destroy();
    cutter.cutAt(changing + 1);
    await stack.failingUp();
    cutter.cutAt(0);
    await stack.destroy();
    await expectRamInPlacement(host);
    await expectNovaUp(host);
    await expectDaemonsAsConfigured(host);
  });
});

/** Numbers of calls, from 1, before the end is announced: what comes then tidies up, or is as often as Nova is slow. */
function worthIt(calls: readonly string[]): number[] {
  const last = calls.findIndex((call) => / restart nova-compute/.test(call));
  return calls.flatMap((_, index) => (index <= last ? [index + 1] : []));
}
