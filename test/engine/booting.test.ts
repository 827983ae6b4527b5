import { strict as assert } from "node:assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keepSome } from "../support/sampled";
import { PrivatePlace } from "../support/ssh/places";
import { SlowHosts } from "../support/ssh/slowHosts";
import { type OperationOptions, Project } from "./support/project";
import { errorLines, loginOf, messages } from "./support/said";

/** A machine whose address is known once it is made, and that boots when it likes. */
const machineProgram = `
const pulumi = require("@pulumi/pulumi");
const { ServiceActivation } = require("pulumi-hostmem");
const machine = new (class extends pulumi.dynamic.Resource {})(
  {
    create: async () => ({ id: "machine", outs: {} }),
    delete: async () => {},
  },
  "machine",
  {},
);
new ServiceActivation("compute-1", {
  connection: { ...JSON.parse(process.env.TEST_LOGIN), host: machine.id.apply(() => process.env.TEST_ADDRESS) },
}, { deletedWith: machine });
`;

describe("a host that the same program makes", function () {
  this.timeout(400_000);
  const place = new PrivatePlace();
  let hosts: SlowHosts;
  let project: Project;

  before(async () => {
    place.enter();
    hosts = await SlowHosts.start(1, 0);
    await hosts.servers[0]!.silence();
    project = await Project.create({ program: { javascript: machineProgram } });
  });
  after(async () => {
    project?.remove();
    await hosts?.stop();
    place.leave();
  });

  const options = (login: Record<string, unknown> = {}, more: OperationOptions = {}): OperationOptions => {
    const { dialErrorLimit: _, ...known } = loginOf(hosts.servers[0]!);
    return {
      ...more,
      environment: {
        TEST_LOGIN: JSON.stringify({ ...known, ...login }),
        TEST_ADDRESS: "127.0.0.1",
        XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"],
      },
    };
  };

  it("is planned later in a preview, which does not look for it", async () => {
    const preview = await project.preview(options());
    assert.match(preview.stdout, /planned once connection is known/);
    assert.equal(preview.changes["create"], 3);
    assert.equal(hosts.servers[0]!.logins(), 0);
  });

  it("is not waited for longer than its connection says", async () => {
    const failed = await project.up(options({ dialErrorLimit: 1 }, { mustSucceed: false }));
    assert.deepEqual(errorLines(failed), ["[127.0.0.1] connection refused"]);
    await project.destroy(options());
  });

  it("is waited for by an update while it boots, which says so", async () => {
    const events = join(project.directory, "..", "events.jsonl");
    const boots = (async () => {
      const limit = Date.now() + 120_000;
      while (Date.now() < limit && !(existsSync(events) && readFileSync(events, "utf8").includes("has booted")))
        await sleep(200);
      await hosts.servers[0]!.listen();
    })();
    const up = await project.up(options());
    await boots;
    assert.equal(up.changes["create"], 3);
    assert.deepEqual(messages(up, /waits/), [
      "[127.0.0.1] waits until it has booted, 15 minutes at most: connection refused",
    ]);
    assert.equal(hosts.servers[0]!.logins(), 1);
  });

  it("is not asked to take anything back when it is deleted itself", async () => {
    await hosts.servers[0]!.silence();
    const destroy = await project.destroy(options());
    assert.equal(destroy.changes["delete"], 3);
    assert.deepEqual((await project.exportStack()).deployment.resources ?? [], []);
  });

  keepSome(this, "hosts that boot", 1, this.tests.slice(0, 2));
});
