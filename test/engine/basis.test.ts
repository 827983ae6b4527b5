import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { kinds } from "../../provider/core/kinds";
import type { Plan } from "../../provider/core/plan/step";
import { HostSession } from "../../provider/core/session";
import { LocalTransport } from "../../provider/core/transport/local";
import { create } from "../../provider/lifecycle";
import { LightHost } from "../support/sandbox/lightHost";
import { connection } from "../unit/transport/connections";

const options = { holder: "p/s/other, pid 1", lockTimeoutSeconds: 30, progress: () => {} };
/** What it writes nobody else does. */
const plan: Plan = {
  steps: [{ kind: "write-file", path: "/etc/of-its-own", before: undefined, content: "x\n", line: "write" }],
  warnings: [],
};

describe("a plan whose own files nobody has touched", function () {
  this.timeout(240_000);
  let host: LightHost;

  beforeEach(async () => {
    host = await LightHost.start({ "/etc/nova/nova-compute.conf": "[libvirt]\nvirt_type = kvm\n" });
    host.beThisMachine();
    mock.method(console, "log", () => {});
  });
  afterEach(async () => {
    mock.restoreAll();
    await host?.stop();
  });

  /** Applies the plan from facts that were read before `meanwhile`, and tells how often it was planned. */
  async function plansOf(meanwhile: () => Promise<unknown> | string): Promise<number> {
    const local = new LocalTransport(connection(), { method: "none", password: undefined });
    const session = new HostSession(local, async () => undefined);
    await session.facts();
    await meanwhile();
    let plans = 0;
    const { report } = await session.apply(() => {
      plans += 1;
      return plan;
    }, options);
    assert.equal(report?.status, "applied");
    assert.equal(host.run("cat /etc/of-its-own"), "x\n");
    return plans;
  }

  it("is carried out as it was made, if nothing else has changed either", async () => {
    assert.equal(await plansOf(() => ""), 1);
  });

  it("is made anew after another apply", async () => {
    const access = { connection: { host: "compute-1", transport: "local", user: "root" }, become: { method: "none" } };
    const memory = { owner: "p/s/memory", capacity: "1 GiB", activation: "deferred", ...access };
    const another = () => create(kinds.get("FileBackedMemoryConfig")!, memory);
    assert.equal(await plansOf(another), 2);
  });

  it("is made anew after an edit of a file that only Nova reads", async () => {
    assert.equal(await plansOf(() => host.run("echo '# by hand' >>/etc/nova/nova-compute.conf")), 2);
  });
});
