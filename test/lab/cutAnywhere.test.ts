import { strict as assert } from "node:assert";
import type { Plan } from "../../provider/core/plan/step";
import { cutEverywhere, problemsOf } from "../support/fault/campaign";
import { type CutHost, startCutHost } from "../support/fault/lab";
import { LaunchCutter } from "../support/fault/launchCutter";
import { cutLaunches } from "../support/fault/launches";
import { type Life, LivedLife } from "../support/fault/life";
import { consentedLife, disk, impatient, mountPoint, wholeLife } from "../support/fault/lives";
import { keptLife, mendedLife, mountedLife, takenOverLife, tmpfsLife } from "../support/fault/storeLives";
import { isFullRun, itInFullRuns, sampled } from "../support/sampled";
import { blankDisks } from "./support/storeState";

describe("an apply that is killed at one of its system calls", function () {
  this.timeout((isFullRun ? 25 : 5) * 60_000);
  let hosts: CutHost[] = [];

  before(async function () {
    this.timeout(20 * 60_000);
    hosts.push(await startCutHost("cuts"));
    const others = Array.from({ length: isFullRun ? 4 : 0 }, () => startCutHost("cuts"));
    hosts.push(...(await Promise.all(others)));
  });
  after(async () => {
    await Promise.all(hosts.map(({ host }) => host.destroy()));
    hosts = [];
  });

  const lives = [consentedLife(), tmpfsLife(), mountedLife(), keptLife(), takenOverLife(), mendedLife()];
  for (const life of [wholeLife(), ...sampled("lives of hosts", lives, 1)]) {
    it(`leaves what the next one finishes or takes back, in a life ${life.name}`, async () => {
      const tally = await cutEverywhere(hosts, life, 1);
      assert.equal(problemsOf(tally), "");
      assert.ok(tally.tried.length > 0, "something was cut");
      const reached = tally.tried.filter((result) => result.cutCall !== undefined);
      assert.ok(reached.length >= tally.tried.length * 0.9, `${reached.length} of ${tally.tried.length} were reached`);
    });
  }

  it("is cut at calls that are counted: a step more is more of them", async () => {
    const [on] = hosts;
    const store = { BackingStore: { fileSystem: "tmpfs", size: "16 MiB", mountPoint } };
    const count = async (change: (plan: Plan) => Plan) => {
      on!.cutter.cutAt(0);
      await on!.core.up(store, { change });
      const { calls } = on!.cutter.watched();
      await on!.core.destroy(store);
      return calls;
    };
    const usual = await count((plan) => plan);
    const more = await count((plan) => {
      const added = { kind: "call" as const, call: "mkdir", args: ["/run/added"], line: undefined };
      const removed = { kind: "call" as const, call: "rmdir", args: ["/run/added"], line: undefined };
      return { ...plan, steps: [...plan.steps, added, removed] };
    });
    assert.ok(more.length >= usual.length + 2, `${usual.length}, ${more.length}`);
    assert.deepEqual(
      more.filter((call) => call.endsWith(" /run/added")),
      ["mkdir /run/added", "rmdir /run/added"],
    );
  });

  it("is planned without one such call: a preview changes nothing", async () => {
    const { host, core } = hosts[0]!;
    await blankDisks(host);
    const cutter = await LaunchCutter.on(host);
    try {
      const store = { device: disk, mountPoint };
      const memory = { capacity: "64 MiB", healthTimeoutSeconds: 30 };
      const lines = await core.preview({ BackingStore: store, FileBackedMemoryConfig: memory });
      assert.equal(lines.length > 0, true);
      assert.deepEqual(cutter.calls(), []);
      await host.succeed("/usr/local/sbin/sh -c 'touch /run/mark && rm /run/mark'");
      assert.match(cutter.calls().join("\n"), /\/run\/mark\n.*unlinkat \/run\/mark$/s);
    } finally {
      await cutter.remove();
    }
  });

  it("goes on by itself, or was never begun, when the shell that starts and follows it is killed", async () => {
    assert.ok((await cutLaunches(hosts, 2)) > 10);
  });

  it("restarts a service that systemd would not start once more", async () => {
    const [on] = hosts;
    const memory = { FileBackedMemoryConfig: { capacity: "64 MiB", healthTimeoutSeconds: 30 } };
    on!.cutter.cutAt(0);
    // A crowded machine needs longer for five starts than the ten seconds that systemd counts by default.
    const limit = "/etc/systemd/system/nova-compute.service.d/limit.conf";
    await on!.host.writeFile(limit, "[Unit]\nStartLimitIntervalSec=1h\n");
    await on!.host.succeed("systemctl daemon-reload; systemctl reset-failed nova-compute");
    try {
      await on!.host.succeed("for _ in 1 2 3 4 5; do systemctl restart nova-compute; done");
      await on!.host.fail("systemctl restart nova-compute");
      await on!.core.up(memory, { change: impatient });
      await on!.core.destroy(memory, { change: impatient });
    } finally {
      await on!.host.succeed(`rm ${limit}; systemctl daemon-reload; systemctl reset-failed nova-compute || :`);
    }
  });

  itInFullRuns("would be found out if it wrote files in place, or forgot a restart", async () => {
    const inPlace = {
      kind: "call" as const,
      call: "eval",
      args: ['replace() { cat -- "$2" >"$1"; }'],
      line: undefined,
    };
    const writesInPlace = (plan: Plan): Plan => ({ ...plan, steps: [inPlace, ...plan.steps] });
    assert.match(
      await found(writesInPlace, /^(openat|write .* to) \/etc\/nova\/nova\.conf$/),
      /half: \/etc\/nova\/nova\.conf/,
    );

    const forgets = (plan: Plan): Plan => ({
      ...plan,
      steps: plan.steps.filter((step) => step.kind !== "write-record" || !step.path.endsWith("/pending.json")),
    });
    assert.match(
      await found(forgets, /systemctl restart nova-compute/),
      /without a record: nova-compute does not run with what its files say/,
    );
  });

  /** What the cuts find of a bug that is planted into the plan, at the calls that match. */
  async function found(bug: (plan: Plan) => Plan, at: RegExp): Promise<string> {
    const [on] = hosts;
    const memory = { FileBackedMemoryConfig: { capacity: "64 MiB", healthTimeoutSeconds: 30 } };
    const name = "set file-backed memory";
    const life: Life = {
      name: "with a bug",
      mountPoint,
      renew: async () => {},
      phases: [
        { name, change: (core) => core.up(memory, { change: (plan) => bug(impatient(plan)) }) },
        { name: "take it back", change: (core) => core.destroy(memory, { change: impatient }) },
      ],
    };
    const lived = new LivedLife(on!, life);
    await lived.live();
    const calls = lived.calls.get(name)!.flatMap((call, index) => (at.test(call) ? [index + 1] : []));
    assert.notDeepEqual(calls, [], "the bug makes such calls");
    const tried = [];
    for (const call of calls) tried.push(...(await lived.run(new Map([[name, [call]]]))));
    return problemsOf({ counted: 0, tried });
  }
});
