import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { check } from "../../provider/check";
import { kinds } from "../../provider/core/kinds";
import { create, diff, update } from "../../provider/lifecycle";
import { RealCloud } from "../support/openstack/realCloud";
import { LightHost } from "../support/sandbox/lightHost";

const kind = kinds.get("FileBackedMemoryConfig")!;
const nova = "[DEFAULT]\nhost = compute-1\nstate_path = /var/lib/nova\n\n[libvirt]\nvirt_type = kvm\n";
const stein = "COMPUTE_NET_ATTACH_INTERFACE";

type Properties = Record<string, unknown>;

/** A host of its own, in a real cloud that knows it; what nova-compute would report, the test reports. */
describe("a host and the cloud that it is in", function () {
  this.timeout(600_000);
  let cloud: RealCloud;
  let host: LightHost;
  let provider: string;
  let said: string[];

  before(async function () {
    this.timeout(1_800_000);
    cloud = await RealCloud.start();
    provider = await cloud.addCompute("compute-1", 4096, [stein]);
    await cloud.addCompute("compute-2", 4096, [stein]);
  });
  after(async () => {
    await cloud?.stop();
  });
  beforeEach(async () => {
    host = await LightHost.start({ "/etc/nova/nova.conf": nova });
    host.beThisMachine();
    await cloud.report(provider, { total: 4096, max_unit: 4096, allocation_ratio: 1.5 });
    said = [];
    mock.method(console, "log", (line: string) => {
      said.push(line);
    });
  });
  afterEach(async () => {
    mock.restoreAll();
    await host?.stop();
  });

  let runs = 0;
  /** Of a pipeline of its own: whoever comes next has another session with the host, and with the cloud. */
  const declared = (more: Properties = {}): Properties => {
    runs += 1;
    const become = { method: "none", password: `run ${runs}` };
    const connection = { host: "localhost", transport: "local", user: "root" };
    const openstack = {
      ...{ authUrl: `${cloud.places.keystone}/v3`, userName: "admin", password: cloud.places.password },
      ...{ projectName: "admin", defaultDomain: "default", region: "RegionOne" },
    };
    return { owner: "p/s/memory", capacity: "1 GiB", connection, become, openstack, ...more };
  };
  const preview = async (more: Properties = {}, olds: Properties = {}) =>
    check(kind, olds, { ...declared(more), __run: { preview: true } });
  const reasons = async (more: Properties = {}) =>
    (await preview(more)).failures.map(({ property, reason }) => `${property}: ${reason}`);
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    for (const limit = Date.now() + 240_000; !(await isSo()); await sleep(500))
      assert.ok(Date.now() < limit, said.join("\n"));
  };
  const restarts = () => host.run("cat /run/restarted 2>/dev/null || :").trim().split("\n").filter(Boolean).length;
  const serviceOf = async (name: string) => {
    const { services } = await cloud.raw("nova", "GET", `/v2.1/os-services?host=${name}`);
    return services[0] as { status: string; disabled_reason: string | null };
  };
  const recorded = () => host.run("cat /var/lib/hostmem/cloud.json 2>/dev/null || :");
  /** nova-compute's report of what its files say, a while after its restart. */
  const reportOnceRestarted = async (total = 1024, count = 1) => {
    await until(() => restarts() >= count);
    await cloud.report(provider, { total, max_unit: total, allocation_ratio: 1 });
  };

  it("is refused in a preview where the cloud does not know it, or does not answer, without a secret", async () => {
    host.run("sed -i 's/^host = .*/host = compute-9/' /etc/nova/nova.conf");
    const [unknown] = await reasons();
    assert.match(unknown!, /openstack: is 127\.0\.0\.1, which has no nova-compute on compute-9, but on compute-1/);
    const openstack = { authUrl: `${cloud.places.keystone}/v3`, token: "no-token-of-ours", projectName: "admin" };
    const wrong = await reasons({ openstack: { ...openstack, defaultDomain: "default" } });
    assert.equal(wrong.length, 1);
    assert.match(wrong[0]!, /^: \[localhost\] openstack: \[127\.0\.0\.1\] POST .*\/auth\/tokens: status 40\d/);
    assert.doesNotMatch(wrong[0]! + said.join("\n"), /no-token-of-ours/);
  });

  it("fails where placement never says what it must, and waits no longer than it may", async () => {
    await assert.rejects(
      create(kind, declared({ healthTimeoutSeconds: 10 })),
      (error: Error & { id?: string }) =>
        error.id !== undefined && /compute-1: MEMORY_MB is 4096 in placement, and must be 1024/.test(error.message),
    );
  });

  it("is enabled again, and has nothing of ours, where nova-compute refuses the change", async () => {
    await assert.rejects(create(kind, declared({ capacity: "666 MiB", drain: "disable" })), /666 is refused/);
    assert.deepEqual((await serviceOf("compute-1")).status, "enabled");
    assert.equal(host.run("cat /etc/nova/nova.conf"), nova);
    assert.equal(recorded(), "");
  });

  it("is enabled by the next run where one was killed while it was drained", async () => {
    host.run("echo 'while [ ! -e /run/go ]; do sleep 0.2; done' >/run/somebody-else");
    const inputs = declared({ drain: "disable" });
    const text = `require(${JSON.stringify(resolve(__dirname, "../../provider/lifecycle.js"))})
      .create(require(${JSON.stringify(resolve(__dirname, "../../provider/core/kinds/index.js"))})
      .kinds.get("FileBackedMemoryConfig"), JSON.parse(process.env.INPUTS))`;
    const pipeline = spawn(process.execPath, ["-e", text], {
      env: { ...process.env, INPUTS: JSON.stringify(inputs) },
      stdio: "ignore",
    });
    await until(() => restarts() === 1);
    const killed = once(pipeline, "exit");
    pipeline.kill("SIGKILL");
    await killed;
    host.run("touch /run/go");
    assert.equal((await serviceOf("compute-1")).status, "disabled");
    await reportOnceRestarted();
    await until(() => host.run("cat /var/lib/hostmem/pending.json 2>/dev/null || :") === "");

    const again = await check(kind, inputs, { ...declared({ drain: "disable" }), __run: { preview: true } });
    assert.deepEqual(again.inputs["plan"], ["enable compute-1 in Nova, as a run that was cut left it disabled"]);
    const { hostId } = JSON.parse(`{"hostId":"${host.run("sed -n 1p /var/lib/hostmem/host-id").trim()}"}`);
    const id = `${hostId}/FileBackedMemoryConfig`;
    assert.equal((await diff(kind, id, inputs, again.inputs)).changes, true);
    await update(kind, id, inputs, again.inputs);
    assert.equal((await serviceOf("compute-1")).status, "enabled");
    assert.doesNotMatch(recorded(), /"drained"/);
    assert.equal(restarts(), 1);
  });
});
