import { strict as assert } from "node:assert";
import { createServer, type Server } from "node:net";
import { PrivatePlace } from "../support/ssh/places";
import { SlowHosts } from "../support/ssh/slowHosts";
import { type OperationOptions, Project, type StackExport } from "./support/project";
import { errorLines, loginOf, messages } from "./support/said";

/** Hosts by name, from the environment, as one program serves all these tests. */
const program = `
const pulumi = require("@pulumi/pulumi");
const { ComputeHost, ServiceActivation } = require("pulumi-hostmem");
for (const [name, { kind, options, ...args }] of Object.entries(JSON.parse(process.env.TEST_HOSTS)))
  new { ComputeHost, ServiceActivation }[kind ?? "ServiceActivation"](name, args, options);
`;

type Declared = Record<string, { connection: Record<string, unknown>; [name: string]: unknown }>;

describe("hosts that cannot be reached", function () {
  this.timeout(400_000);
  const place = new PrivatePlace();
  let hosts: SlowHosts;
  let mute: Server | undefined;
  let project: Project;
  let declared: Declared;

  before(async () => {
    place.enter();
    hosts = await SlowHosts.start(3, 0, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
    project = await Project.create({ program: { javascript: program } });
    declared = {
      good: { connection: loginOf(hosts.servers[0]!) },
      refused: { connection: loginOf(hosts.servers[1]!) },
      mute: { connection: loginOf(hosts.servers[2]!, { perDialTimeout: 1 }) },
    };
    await project.up(options());
  });
  after(async () => {
    mute?.close();
    project?.remove();
    await hosts?.stop();
    place.leave();
  });

  const options = (more: OperationOptions = {}, these = declared): OperationOptions => ({
    ...more,
    environment: { TEST_HOSTS: JSON.stringify(these), XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] },
  });
  const skipping = () =>
    Object.fromEntries(Object.entries(declared).map(([name, each]) => [name, { ...each, unreachable: "skip" }]));
  const ours = async () => ((await project.exportStack()).deployment.resources ?? []).filter(isOurs);
  const names = async () => (await ours()).map(({ urn }) => urn.split("::").at(-1)).sort();
  /** In clear, since what is encrypted looks different after each run. */
  async function recorded(): Promise<string[]> {
    const exported = await project.command(["stack", "export", "--show-secrets"]);
    const { resources = [] } = (JSON.parse(exported.stdout) as StackExport).deployment;
    const kept = resources.filter(isOurs).map(({ urn, id, inputs, outputs }) => ({ urn, id, inputs, outputs }));
    return kept.map((each) => JSON.stringify(each)).sort();
  }

  const refused = "[127.0.0.2] connection refused";
  const silent = "[127.0.0.3] the host did not answer in time";

  it("are all named by any one run, each once and in one clean line, and are never taken for deleted", async () => {
    const before = await recorded();
    await hosts.servers[1]!.silence();
    await hosts.servers[2]!.silence();
    mute = createServer(() => {}).listen(hosts.servers[2]!.port, "127.0.0.3");
    for (const verb of ["preview", "up", "refresh"] as const) {
      const failed = await project[verb](options({ mustSucceed: false }));
      assert.notEqual(failed.code, 0, verb);
      assert.deepEqual(errorLines(failed), [refused, silent], verb);
    }
    // The engine ends a destroy at the first failure unless it is told otherwise.
    const destroy = await project.destroy(
      options({ mustSucceed: false, flags: ["--continue-on-error"], target: ["refused", "mute"] }),
    );
    assert.notEqual(destroy.code, 0);
    const stays = "; what is on the host stays, and is not forgotten";
    assert.deepEqual(errorLines(destroy), [refused + stays, silent + stays]);
    assert.match(destroy.stdout, /pulumi state delete/);
    assert.deepEqual(await recorded(), before);
  });

  it("are skipped where that is wanted, with a line each, and stay as they were recorded", async () => {
    const these = skipping();
    const preview = await project.preview(options({}, these));
    assert.deepEqual(
      messages(preview, /skipped/),
      [refused, silent].map((line) => line.replace("] ", "] skipped: ")),
    );
    await project.up(options({}, these));
    const before = await recorded();
    const refresh = await project.refresh(options({ expectNoChanges: true }, these));
    assert.deepEqual(
      messages(refresh, /skipped/),
      [refused, silent].map((line) => line.replace("] ", "] skipped: ")),
    );
    assert.deepEqual(await recorded(), before);
  });

  it("cannot be skipped by who has nothing there yet", async () => {
    const fresh = { another: { connection: { host: "127.0.0.4", port: 1, dialErrorLimit: 0 }, unreachable: "skip" } };
    const failed = await project.up(options({ mustSucceed: false }, { ...skipping(), ...fresh }));
    assert.deepEqual(errorLines(failed), ["[127.0.0.4] connection refused"]);
    assert.match(failed.stdout, /What is not there yet cannot be skipped/);
    assert.deepEqual(await names(), ["good", "mute", "refused"]);
  });

  it("are forgotten by pulumi state delete once they are gone for good, and by nothing less", async () => {
    const { refused: gone, ...others } = skipping();
    const failed = await project.up(options({ mustSucceed: false }, others as Declared));
    assert.deepEqual(errorLines(failed), [`${refused}; what is on the host stays, and is not forgotten`]);
    const urn = (await project.exportStack()).deployment.resources!.find((each) => each.urn.endsWith("::refused"))!.urn;
    await project.command(["state", "delete", urn, "--yes"]);
    const up = await project.up(options({}, others as Declared));
    assert.equal(up.changes["delete"], undefined);
    assert.deepEqual(await names(), ["good", "mute"]);
    assert.ok(gone);
  });

  it("are forgotten with retainOnDelete, which a first run must record", async () => {
    const { mute: gone, refused: _, ...others } = skipping();
    const retained = { ...others, mute: { ...gone!, options: { retainOnDelete: true } } };
    await project.up(options({}, retained as Declared));
    const up = await project.up(options({}, others as Declared));
    assert.equal(up.code, 0);
    assert.deepEqual(await names(), ["good"]);
  });

  it("are forgotten whole when they are a ComputeHost", async () => {
    const server = hosts.servers[1]!;
    await server.listen();
    const whole = { whole: { kind: "ComputeHost", connection: loginOf(server) } };
    await project.up(options({}, { good: declared["good"]!, ...whole }));
    await server.silence();
    const urn = (await project.exportStack()).deployment.resources!.find((each) => each.urn.endsWith("::whole"))!.urn;
    await project.command(["state", "delete", urn, "--target-dependents", "--yes"]);
    await project.up(options({}, { good: declared["good"]! }));
    assert.deepEqual(await names(), ["good"]);
  });
});

const isOurs = ({ type }: { type: string }) => type.includes("/hostmem:");
