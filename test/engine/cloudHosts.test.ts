import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check } from "../../provider/check";
import { create, diff, read, update } from "../../provider/lifecycle";
import { CloudHost, kind, nova, stein } from "../support/openstack/cloudHost";
import { findSecret } from "../support/secrets";
import { Project } from "./support/project";

const fileBacked = "COMPUTE_MEM_BACKING_FILE";

describe("a host and the cloud that it is in", function () {
  this.timeout(600_000);
  let host: CloudHost;

  before(async function () {
    this.timeout(1_800_000);
    host = await CloudHost.start();
  });
  after(async () => {
    await host?.cloud.stop();
  });
  beforeEach(() => host.renew());
  afterEach(() => host.leave());

  const said = (text: string) =>
    assert.ok(
      host.said.some((line) => line.includes(text)),
      host.said.join("\n"),
    );

  it("is refused in a preview for what the cloud has against the change", async () => {
    const { cloud } = host;
    const { aggregate } = await cloud.raw("nova", "POST", "/v2.1/os-aggregates", { aggregate: { name: "dense" } });
    const act = (what: object) => cloud.raw("nova", "POST", `/v2.1/os-aggregates/${aggregate.id}/action`, what);
    await act({ add_host: { host: "compute-1" } });
    await act({ set_metadata: { metadata: { ram_allocation_ratio: "1.5" } } });
    const guest = await cloud.boot("compute-2", "stopped", "stopped");
    await cloud.allocate(host.provider, guest, 3000);
    const refused = await host.reasons();
    assert.equal(refused.length, 2, refused.join("\n"));
    assert.match(refused[0]!, /^: \[localhost\] aggregate dense has ram_allocation_ratio = 1\.5/);
    assert.match(refused[1]!, /^capacity: leaves 1 GiB for guests, .* hold 3000 MiB in placement/);
    const allowed = await host.reasons({ allowHazards: ["capacity-below-used"] });
    assert.equal(allowed.length, 1, allowed.join("\n"));
    await act({ set_metadata: { metadata: { ram_allocation_ratio: null } } });
    await cloud.raw("placement", "DELETE", `/allocations/${guest}`);
    assert.deepEqual(await host.reasons(), []);
    assert.equal(host.restarts(), 0);
    assert.equal(host.owed(), "");
  });

  it("is refused in a preview where the cloud does not know it, or does not answer, without a secret", async () => {
    host.run("sed -i 's/^host = .*/host = compute-9/' /etc/nova/nova.conf");
    const [unknown] = await host.reasons();
    assert.match(unknown!, /openstack: is 127\.0\.0\.1, which has no nova-compute on compute-9, but on compute-1/);
    const { authUrl, projectName, defaultDomain } = host.openstack;
    const wrong = await host.reasons({ openstack: { authUrl, projectName, defaultDomain, token: "no-token-of-ours" } });
    assert.equal(wrong.length, 1);
    assert.match(wrong[0]!, /^: \[localhost\] openstack: \[127\.0\.0\.1\] POST .*\/auth\/tokens: status 40\d/);
    assert.doesNotMatch(wrong[0]! + host.said.join("\n"), /no-token-of-ours/);
  });

  it("is drained while nova-compute restarts, verified in placement, and put back there by a destroy", async () => {
    const { inputs, failures } = await host.preview({ drain: "disable" });
    assert.deepEqual(failures, []);
    const lines = inputs["plan"] as string[];
    assert.deepEqual([lines[0], lines.at(-1)], ["disable compute-1 in Nova", "enable compute-1 in Nova"]);

    const made = create(kind, { ...inputs, ...host.declared({ drain: "disable" }) });
    made.catch(() => {});
    await host.until(() => host.restarts() === 1);
    const { status, disabled_reason: reason } = await host.service();
    assert.deepEqual([status, reason], ["disabled", "pulumi-hostmem changes guest memory (p/s/memory)"]);
    assert.match(host.owed(), /"memoryRatio": 1\.5/);
    assert.match(host.owed(), /"drained"/);
    await host.report(1024);
    const { id, outs } = await made;
    assert.equal((await host.service()).status, "enabled");
    assert.doesNotMatch(host.owed(), /"drained"/);
    said("placement says MEMORY_MB 1024");

    // Neither asks the cloud: what it is given leads nowhere.
    const nowhere = { authUrl: "http://127.0.0.1:9/v3", token: "t", projectName: "admin", defaultDomain: "default" };
    const before = { ...outs, openstack: nowhere };
    const { become } = before as typeof inputs;
    assert.equal((await diff(kind, id, before, { ...inputs, become, openstack: nowhere })).changes, false);
    assert.equal(((await read(kind, id, before)) as { id: string }).id, id);

    const { drain: _drain, ...recorded } = outs;
    await host.destroyed(id, recorded);
    assert.equal((await host.memory()).allocation_ratio, 1.5, host.said.join("\n"));
    assert.equal(host.run("cat /etc/nova/nova.conf"), nova);
    assert.equal(host.run("find /var/lib/hostmem -type f 2>/dev/null || :"), "");
  });

  it("is as it was, with its ratio in placement, where that never says what it must", async () => {
    await assert.rejects(
      host.reported(create(kind, host.declared({ healthTimeoutSeconds: 30, drain: "disable" })), 4096),
      (error: Error & { id?: string }) =>
        error.id === undefined &&
        /compute-1: MEMORY_MB is 4096 in placement, and must be 1024; the change was taken back/.test(error.message),
    );
    assert.equal(host.run("cat /etc/nova/nova.conf"), nova);
    assert.equal(host.restarts(), 2);
    assert.equal(host.run("find /var/lib/hostmem -type f 2>/dev/null || :"), "");
    assert.equal((await host.memory()).allocation_ratio, 1.5);
    assert.equal((await host.service()).status, "enabled");
  });

  it("is enabled again, and has nothing of ours, where nova-compute refuses the change", async () => {
    await assert.rejects(create(kind, host.declared({ capacity: "666 MiB", drain: "disable" })), /666 is refused/);
    assert.deepEqual((await host.service()).status, "enabled");
    assert.equal(host.run("cat /etc/nova/nova.conf"), nova);
    assert.equal(host.owed(), "");
  });

  it("is enabled by the next run where one was killed while it was drained", async () => {
    host.run("echo 'while [ ! -e /run/go ]; do sleep 0.2; done' >/run/somebody-else");
    const inputs = host.declared({ drain: "disable" });
    const text = `require(${JSON.stringify(resolve(__dirname, "../../provider/lifecycle.js"))})
      .create(require(${JSON.stringify(resolve(__dirname, "../../provider/core/kinds/index.js"))})
      .kinds.get("FileBackedMemoryConfig"), JSON.parse(process.env.INPUTS))`;
    const pipeline = spawn(process.execPath, ["-e", text], {
      env: { ...process.env, INPUTS: JSON.stringify(inputs) },
      stdio: "ignore",
    });
    await host.until(() => host.restarts() === 1);
    const killed = once(pipeline, "exit");
    pipeline.kill("SIGKILL");
    await killed;
    host.run("touch /run/go");
    assert.equal((await host.service()).status, "disabled");
    await host.report(1024);
    await host.until(() => host.run("cat /var/lib/hostmem/pending.json 2>/dev/null || :") === "");

    const again = await check(kind, inputs, { ...host.declared({ drain: "disable" }), __run: { preview: true } });
    assert.deepEqual(again.inputs["plan"], ["enable compute-1 in Nova, as a run that was cut left it disabled"]);
    const id = `${host.run("sed -n 1p /var/lib/hostmem/host-id").trim()}/FileBackedMemoryConfig`;
    assert.equal((await diff(kind, id, inputs, again.inputs)).changes, true);
    await update(kind, id, inputs, again.inputs);
    assert.equal((await host.service()).status, "enabled");
    assert.doesNotMatch(host.owed(), /"drained"/);
    assert.equal(host.restarts(), 1);
  });

  it("is emptied first, guest by guest, with drain: migrate", async () => {
    const guest = await host.cloud.boot("compute-1", "runs");
    const made = create(kind, host.declared({ drain: "migrate", drainTimeoutSeconds: 240 }));
    const reported = host.reported(made);
    await Promise.race([host.until(async () => (await host.cloud.migrating()).includes(guest)), made]);
    assert.equal(host.restarts(), 0);
    await host.cloud.endMigration(guest, "compute-2");
    await reported;
    assert.equal((await host.service()).status, "enabled");
    said(`live migrate runs (${guest})`);
  });

  it("keeps what it has where placement does not follow a change, and loses a trait by a destroy", async () => {
    const { id, outs } = await host.reported(create(kind, host.declared()));
    const before = host.run("cat /etc/nova/nova.conf");
    const more = host.declared({ capacity: "2 GiB", healthTimeoutSeconds: 30 });
    await assert.rejects(update(kind, id, outs, more), /MEMORY_MB is 1024 .* must be 2048; the change was taken back/);
    assert.equal(host.run("cat /etc/nova/nova.conf"), before);
    assert.equal(host.restarts(), 3);
    const { inputs, failures } = await host.preview({}, outs);
    assert.deepEqual([inputs["plan"], failures], [[], []], "as it was before, and as what is recorded of it");

    // As a Nova that is newer and then gone would leave it.
    const path = `/resource_providers/${host.provider}/traits`;
    const { resource_provider_generation } = await host.cloud.raw("placement", "GET", path);
    await host.cloud.raw("placement", "PUT", path, { resource_provider_generation, traits: [stein, fileBacked] });
    await host.destroyed(id, outs);
    assert.deepEqual((await host.cloud.raw("placement", "GET", path)).traits, [stein]);
    assert.equal((await host.memory()).allocation_ratio, 1.5);
  });

  const accesses: [way: string, openstack: () => string][] = [
    ["by its name", () => '"production"'],
    ["with a password in the program", () => JSON.stringify(host.openstack)],
  ];
  for (const [way, openstack] of accesses)
    it(`leaves no credential in Pulumi's state and output, where its cloud is given ${way}`, async () => {
      const { password } = host.cloud.places;
      const project = await Project.create({
        environment: { OS_CLIENT_CONFIG_FILE: host.cloudsFile(), OS_CLOUD: undefined },
        program: {
          javascript: `const { FileBackedMemoryConfig } = require("pulumi-hostmem");
new FileBackedMemoryConfig("memory", {
  connection: { host: "localhost", transport: "local", user: "root" },
  ...{ capacity: "1 GiB", activation: "deferred", openstack: ${openstack()} },
});
`,
        },
      });
      try {
        const ran = [await project.preview({ diff: true }), await project.up(), await project.refresh({ diff: true })];
        assert.match(host.owed(), /"memoryRatio": 1\.5/);
        const stored = filesBelow(join(project.directory, "..", "state"));
        assert.ok(stored.some((file) => /"activation":\s*"deferred"/.test(readFileSync(file, "utf8"))));
        ran.push(await project.destroy());
        const texts = {
          ...Object.fromEntries(stored.map((file) => [file, readFileSync(file, "utf8")])),
          output: ran.map(({ stdout, stderr }) => stdout + stderr).join("\n"),
          events: JSON.stringify(ran),
          host: host.run("cat /etc/nova/* /var/lib/hostmem/* 2>/dev/null || :"),
        };
        assert.deepEqual(findSecret(texts, password), []);
      } finally {
        project.remove();
      }
    });
});

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
