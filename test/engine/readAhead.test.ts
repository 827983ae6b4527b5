import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { keepSome } from "../support/sampled";
import { PrivatePlace } from "../support/ssh/places";
import { mostAtOnce } from "../support/ssh/sessionNotes";
import { SlowHosts } from "../support/ssh/slowHosts";
import { type OperationResult, Project } from "./support/project";

const count = 6;
const seconds = 2;
const secret = "s3cret-value";

/** One resource per host; which hosts there are comes from the environment, as one program serves all these tests. */
const program = `
const { ServiceActivation } = require("pulumi-hostmem");
JSON.parse(process.env.TEST_CONNECTIONS).forEach((connection, index) => {
  new ServiceActivation("host-" + index, { connection });
});
`;

describe("hosts that are read ahead", function () {
  this.timeout(300_000);
  const place = new PrivatePlace();
  let hosts: SlowHosts;
  let connections: Record<string, unknown>[];
  let project: Project;

  before(async () => {
    hosts = await SlowHosts.start(count, seconds);
    connections = hosts.servers.map((server) => ({
      host: "127.0.0.1",
      port: server.port,
      user: "root",
      privateKeyFile: server.userKeyFile,
      hostKey: server.hostKey.trim(),
      password: secret,
    }));
  });
  after(() => hosts?.stop());

  beforeEach(async () => {
    place.enter(); // no login of a test before may be left
    project = await Project.create({ program: { javascript: program } });
    hosts.sessions();
  });
  afterEach(() => {
    project?.remove();
    place.leave();
  });

  const environment = (more: NodeJS.ProcessEnv = {}, these = connections) => ({
    TEST_CONNECTIONS: JSON.stringify(these),
    XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"], // the present place, also after the project was made
    ...more,
  });
  const logins = () => hosts.servers.map((server) => server.logins());
  const since = (before: number[]) => logins().map((now, host) => now - before[host]!);

  it("are read all at once, where they would be read one after the other", async () => {
    const together = await project.preview({ environment: environment() });
    const atOnce = hosts.sessions();
    assert.equal(atOnce.length, count);
    assert.equal(mostAtOnce(atOnce), count);

    place.leave();
    place.enter();
    const inTurn = await project.preview({ environment: environment({ HOSTMEM_READ_AHEAD: "off" }) });
    const oneByOne = hosts.sessions();
    assert.equal(oneByOne.length, count);
    assert.equal(mostAtOnce(oneByOne), 1);
    // What is spared is nearly the time of all hosts but one, however long everything else takes.
    const spared = inTurn.seconds - together.seconds;
    assert.ok(spared > ((count - 1) * seconds) / 2, `${together.seconds} s together, ${inTurn.seconds} s in turn`);
  });

  it("are logged in to once each for preview and update together", async () => {
    const before = logins();
    await project.preview({ environment: environment() });
    const up = await project.up({ environment: environment() });
    assert.equal(up.changes["create"], count + 1); // and the stack
    assert.deepEqual(since(before), Array(count).fill(1));
    const again = await project.preview({ environment: environment(), expectNoChanges: true });
    assert.equal(again.changes["same"], count + 1);
    assert.deepEqual(since(before), Array(count).fill(1));
  });

  it("are left alone unless they are the target", async () => {
    const before = logins();
    for (const target of ["--target", "-t"]) {
      await project.preview({ environment: environment(), flags: [target, "**::host-2"] });
      assert.deepEqual(since(before), [0, 0, 1, 0, 0, 0], target);
    }
    await project.up({ environment: environment(), target: ["host-2"] });
    await project.preview({ environment: environment({ PULUMI_OPTION_TARGET: "**::host-2" }) });
    assert.deepEqual(since(before), [0, 0, 1, 0, 0, 0]);
    assert.deepEqual([...new Set(hosts.sessions().map(({ host }) => host))], [2]);
  });

  it("are all named by one preview if they cannot be read, each in one clean line", async () => {
    const dead = ["127.0.0.71", "127.0.0.72", "127.0.0.73"].map((host) => ({ host, port: 1, dialErrorLimit: 0 }));
    const these = [connections[0]!, dead[0]!, connections[1]!, dead[1]!, dead[2]!];
    const failed = await project.preview({ environment: environment({}, these), mustSucceed: false });
    assert.notEqual(failed.code, 0);
    const said = saidOf(failed);
    for (const { host } of dead) {
      const lines = said.split("\n").filter((line) => line.includes(`[${host}]`));
      assert.ok(lines.length >= 1, `${host} in ${said}`);
      assert.equal(new Set(lines.map((line) => line.replace(/^.*?\[/, "["))).size, 1, lines.join("\n"));
    }
    assert.doesNotMatch(said, /\.js:\d+|HostError|undefined/);
    assert.doesNotMatch(said + failed.stdout, new RegExp(secret));
  });

  it("tie no resources together, and leave neither a secret nor a path in state or a saved plan", async () => {
    const planFile = join(project.directory, "..", "plan.json");
    const preview = await project.preview({ environment: environment(), planFile });
    const up = await project.up({ environment: environment(), planFile });
    const state = await project.exportStack();
    const resources = state.deployment.resources ?? [];
    const ours = resources.filter(({ type }) => type.includes("hostmem:"));
    assert.equal(ours.length, count);
    for (const resource of ours as ((typeof ours)[number] & {
      dependencies?: string[];
      propertyDependencies?: object;
    })[]) {
      assert.deepEqual(resource.dependencies ?? [], []);
      assert.deepEqual(
        Object.values(resource.propertyDependencies ?? {})
          .flat()
          .filter(Boolean),
        [],
      );
      assert.equal(resource.inputs?.["__run"], undefined);
      assert.equal(resource.outputs?.["__run"], undefined);
    }
    const everything = [
      JSON.stringify(state),
      readFileSync(planFile, "utf8"),
      preview.stdout,
      preview.stderr,
      up.stdout,
    ];
    for (const text of everything) {
      assert.doesNotMatch(text, new RegExp(secret));
      assert.doesNotMatch(text, /readAhead/);
    }
  });

  keepSome(this, "hosts read ahead", 2);
});

function saidOf(result: OperationResult): string {
  return result.diagnostics.map(({ message }) => message).join("\n");
}
