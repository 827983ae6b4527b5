import { strict as assert } from "node:assert";
import { factsMaxAgeMs } from "../../provider/core/session";
import { LightFleet } from "../support/sandbox/lightFleet";
import { PrivatePlace } from "../support/ssh/places";
import { mostAtOnce, type NotedSession } from "../support/ssh/sessionNotes";
import { type OperationOptions, Project } from "./support/project";
import { errorLines, loginOf, messages } from "./support/said";

/** Hosts and options come from the environment, as one program serves all these tests. */
const program = `
const { FileBackedMemoryConfig, rollout } = require("pulumi-hostmem");
const { hosts, options } = JSON.parse(process.env.TEST_FLEET);
const declared = Object.entries(hosts).map(([name, { own, ...args }]) => [
  name,
  own ? () => void new FileBackedMemoryConfig(name, args) : args,
]);
rollout(Object.fromEntries(declared), options);
`;

const names = ["one", "two", "three", "four", "five"];
/** Of this much Nova refuses to start, on a light host. */
const refused = "666 MiB";
const restart = "nova-compute.service";

/** On a machine with other work a run may take longer than facts last. */
function readAgainOnlyIfOld(sessions: readonly NotedSession[]): void {
  assert.ok(sessions.length > 0);
  for (const [index, { start }] of sessions.slice(1).entries()) {
    const age = Number(start - sessions[index]!.end) / 1e6;
    assert.ok(age >= factsMaxAgeMs, `read again after ${age} ms`);
  }
}

describe("a rollout of five hosts, in batches of one, two and two", function () {
  this.timeout(1_200_000);
  const place = new PrivatePlace();
  let fleet: LightFleet;
  let project: Project;

  before(async () => {
    place.enter();
    fleet = await LightFleet.start(names);
    project = await Project.create({ program: { javascript: program } });
  });
  after(async () => {
    project?.remove();
    await fleet?.stop();
    place.leave();
  });

  const options = (capacityOfThree: string, pause: string, more: OperationOptions = {}): OperationOptions => {
    const hosts = Object.fromEntries(
      names.map((name) => {
        const connection = loginOf(fleet.server(name));
        const capacity = name === "three" ? capacityOfThree : "1 GiB";
        return [
          name,
          name === "five" ? { own: true, connection, capacity } : { connection, fileBackedMemory: { capacity } },
        ];
      }),
    );
    const TEST_FLEET = JSON.stringify({ hosts, options: { canary: 1, batch: 2, pause } });
    return {
      timeoutSeconds: 600,
      ...more,
      environment: { TEST_FLEET, XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] },
    };
  };
  const restarts = () => Object.fromEntries(names.map((name) => [name, fleet.restarts(name)]));
  const untouched = (name: string) => {
    assert.deepEqual(fleet.restarts(name), [], name);
    assert.equal(fleet.applies(name), 0, name);
    assert.deepEqual(fleet.files(name), asMade.get(name), name);
  };
  /** When the first and the last thing was done on a host. */
  const span = (name: string) => {
    const at = fleet.changedAt(
      name,
      "/etc/nova/nova.conf",
      "/var/lib/hostmem/objects",
      "/run/started",
      "/run/restarted",
    );
    return { first: Math.min(...at), last: Math.max(...at) };
  };
  const asMade = new Map<string, Record<string, string>>();

  it("shows all hosts in a preview that reads them at the same time, and waits for nothing", async () => {
    for (const name of names) asMade.set(name, fleet.files(name));
    const preview = await project.preview(options("1 GiB", "24 h"));
    assert.deepEqual(messages(preview, /^rollout/), ["rollout: 1. one; 2. two, three; 3. four, five"]);
    assert.equal(messages(preview, /restart nova-compute$/).length, names.length);
    const sessions = [...fleet.sessions().values()];
    sessions.forEach(readAgainOnlyIfOld);
    assert.ok(mostAtOnce(sessions.map(([first]) => first!)) > 2, "more than a batch");
    names.forEach(untouched);
  });

  for (const flags of [[], ["--continue-on-error"]]) {
    it(`ends at the first host that fails, with nothing done on later ones: ${flags[0] ?? "as usual"}`, async () => {
      const failed = await project.up(options(refused, "0 s", { mustSucceed: false, flags }));
      assert.notEqual(failed.code, 0);
      assert.match(failed.stdout, /Nova says: InternalError: Running Nova with 666 is refused/);
      for (const name of ["four", "five"]) untouched(name);
      assert.deepEqual(fleet.restarts("one"), [restart]);
      const [canary, ...batch] = ["one", "two", "three"].map(span);
      if (flags.length > 0) {
        assert.match(
          failed.stdout,
          /error: rollout: stopped at batch 2, where a host failed; nothing was done on four, five/,
        );
      }
      for (const { first } of batch) assert.ok(first > canary!.last, "begun before the canary was done");
    });
  }

  it("goes on where it ended, pauses only where something was changed, and reads again what is old by then", async () => {
    const counts = restarts();
    fleet.sessions();
    // Longer than facts may be used.
    const up = await project.up(options("1 GiB", "31 s"));
    assert.deepEqual(messages(up, /^rollout/), [
      "rollout: batch 2 of 3 is changed and up; waits 31 s before the next one",
    ]);
    assert.deepEqual(fleet.restarts("one"), counts["one"]);
    assert.deepEqual(fleet.restarts("three"), [...counts["three"]!, restart]);
    for (const name of ["four", "five"]) {
      assert.deepEqual(fleet.restarts(name), [restart], name);
      for (const done of ["two", "three"]) assert.ok(span(name).first > span(done).last, `${name} before ${done}`);
    }
    const sessions = fleet.sessions();
    readAgainOnlyIfOld(sessions.get("one")!);
    for (const name of ["four", "five"]) {
      const before = sessions.get(name)!.filter(({ end }) => Number(end) / 1e9 < span(name).first);
      assert.ok(before.length >= 2, `${name} is read at the beginning, and when its batch begins`);
      readAgainOnlyIfOld(before);
    }
    const preview = await project.preview(options("1 GiB", "31 s", { expectNoChanges: true }));
    assert.equal(preview.changes["same"], 1 + 4 * 3 + 1); // the stack, whole hosts, and one that is a resource
  });

  it("is taken back the other way round, up to the first host that fails", async () => {
    const counts = restarts();
    await fleet.server("two").silence();
    const failed = await project.destroy(options("1 GiB", "0 s", { mustSucceed: false }));
    assert.notEqual(failed.code, 0);
    assert.match(errorLines(failed).join(), /127.0.0.102.* connection refused/);
    assert.deepEqual(fleet.restarts("one"), counts["one"]);
    for (const name of ["four", "five"]) assert.equal(fleet.restarts(name).length, counts[name]!.length + 1, name);

    await fleet.server("two").listen();
    await project.destroy(options("1 GiB", "0 s"));
    for (const name of names) {
      assert.equal(fleet.restarts(name).length, counts[name]!.length + 1, name);
      assert.deepEqual(fleet.files(name), asMade.get(name), name);
    }
    const ends = names.map((name) => fleet.changedAt(name, "/run/restarted")[0]!);
    assert.ok(Math.min(ends[1]!, ends[2]!) > Math.max(ends[3]!, ends[4]!), "the last batch first");
    assert.ok(ends[0]! > Math.max(ends[1]!, ends[2]!), "the canary at the end");
  });
});
