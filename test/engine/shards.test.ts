import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { LightFleet } from "../support/sandbox/lightFleet";
import { PrivatePlace } from "../support/ssh/places";
import { type OperationOptions, Project } from "./support/project";
import { loginOf } from "./support/said";

/** As a fleet's one program does, it declares the hosts of the stack that it runs for. */
const program = `
const pulumi = require("@pulumi/pulumi");
const { rollout } = require("pulumi-hostmem");
rollout(JSON.parse(process.env.TEST_RACKS)[pulumi.getStack()], { batch: 2 });
`;

describe("two stacks of one fleet on one backend, at the same time", function () {
  this.timeout(1_200_000);
  const place = new PrivatePlace();
  const backend = mkdtempSync(join(tmpdir(), "hm-backend-"));
  const racks: Record<string, string[]> = { "rack-1": ["one", "two"], "rack-2": ["three", "four"] };
  let fleet: LightFleet;
  let workers: Project[];

  before(async () => {
    place.enter();
    fleet = await LightFleet.start(Object.values(racks).flat());
    // Each with a Pulumi home of its own, as on two workers of a pipeline.
    const environment = { PULUMI_BACKEND_URL: pathToFileURL(backend).href };
    workers = [];
    for (const stack of Object.keys(racks))
      workers.push(await Project.create({ program: { javascript: program }, stack, environment }));
  });
  after(async () => {
    for (const worker of workers ?? []) worker.remove();
    await fleet?.stop();
    place.leave();
    rmSync(backend, { recursive: true, force: true });
  });

  const options = (more: OperationOptions = {}, hosts = racks): OperationOptions => {
    const host = (name: string) => [
      name,
      { connection: loginOf(fleet.server(name)), fileBackedMemory: { capacity: "1 GiB" } },
    ];
    const declared = Object.entries(hosts).map(([rack, names]) => [rack, Object.fromEntries(names.map(host))]);
    const environment = {
      TEST_RACKS: JSON.stringify(Object.fromEntries(declared)),
      XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"],
    };
    return { timeoutSeconds: 600, ...more, environment };
  };
  const owners = () =>
    Object.fromEntries(
      [...fleet.hosts.keys()].map((name) => {
        const record = fleet.files(name)["/var/lib/hostmem/objects/FileBackedMemoryConfig.json"];
        return [name, record && (JSON.parse(record) as { owner: string }).owner];
      }),
    );
  const ownersOf = (...racksLeft: string[]) =>
    Object.fromEntries(
      Object.entries(racks).flatMap(([rack, names]) =>
        names.map((name) => {
          const owner = `hostmem-test/${rack}/${name}-file-backed-memory`;
          return [name, racksLeft.includes(rack) ? owner : undefined];
        }),
      ),
    );

  it("change their own hosts each, once, and are right afterwards", async () => {
    await Promise.all(workers.map((worker) => worker.up(options())));
    assert.deepEqual(owners(), ownersOf("rack-1", "rack-2"));
    for (const name of fleet.hosts.keys()) assert.deepEqual(fleet.restarts(name), ["nova-compute.service"], name);
    await Promise.all(workers.map((worker) => worker.preview(options({ expectNoChanges: true }))));
    for (const [index, stack] of Object.keys(racks).entries()) {
      const state = readFileSync(join(backend, ".pulumi", "stacks", "hostmem-test", `${stack}.json`), "utf8");
      const { resources = [] } = (await workers[index]!.exportStack()).deployment;
      assert.equal(resources.filter(({ type }) => type.includes("/hostmem:")).length, 4, stack);
      for (const [other, names] of Object.entries(racks)) {
        assert.equal(state.includes(`::${names[0]}-file-backed-memory`), other === stack, `${other} in ${stack}`);
      }
    }
  });

  it("cannot take a host from each other", async () => {
    const both = { ...racks, "rack-2": [...racks["rack-2"]!, "one"] };
    const failed = await workers[1]!.preview(options({ mustSucceed: false }, both));
    assert.notEqual(failed.code, 0);
    assert.match(failed.stdout, /of this host belongs to hostmem-test\/rack-1\/one-file-backed-memory/);
  });

  it("are taken back apart from each other", async () => {
    await workers[0]!.destroy(options());
    assert.deepEqual(owners(), ownersOf("rack-2"));
    await workers[1]!.preview(options({ expectNoChanges: true }));
    await workers[1]!.destroy(options());
    assert.deepEqual(owners(), ownersOf());
  });
});
