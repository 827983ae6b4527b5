import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { check } from "../../../provider/check";
import { kinds } from "../../../provider/core/kinds";
import type { CloudFacts } from "../../../provider/core/openstack/rules/facts";
import { CloudSession } from "../../../provider/core/openstack/session";
import { HostSession } from "../../../provider/core/session";
import { DescribedHost, type HostDescription } from "../../support/plans/describedHost";

const openstack = { authUrl: "http://127.0.0.1:9/v3", token: "t", projectId: "p" };

describe("a preview of a host in a cloud", () => {
  let said: string[];
  let asked: string[];
  let ports = 20_000;
  let connection: Record<string, unknown>;

  /** What the cloud says is played: how it is asked, real services show elsewhere. */
  function play(description: HostDescription, says: Partial<CloudFacts> = {}): void {
    // Each mock puts back what it found: one upon another would never go.
    mock.restoreAll();
    ports += 1;
    connection = { host: "compute-1", user: "root", port: ports };
    said = [];
    asked = [];
    const service = { id: "1", host: "compute-1", isEnabled: true, disabledReason: undefined, isUp: true };
    // What a program declares is known by the system that answers, in this process for all tests.
    const facts = new DescribedHost(description).facts();
    const system = { ...facts.system, running: `host of a cloud ${ports}` };
    mock.method(HostSession.prototype, "facts", async () => ({ ...facts, system }));
    mock.method(CloudSession.prototype, "facts", async (host: string) => {
      asked.push(host);
      return {
        cloud: "lab",
        host,
        service,
        provider: undefined,
        aggregates: [],
        apiMaximum: 96,
        computes: [],
        ...says,
      };
    });
    mock.method(console, "log", (line: string) => {
      said.push(line);
    });
  }
  afterEach(() => mock.restoreAll());

  const preview = async (kind: string, inputs: Record<string, unknown>) =>
    check(kinds.get(kind)!, {}, { owner: `p/s/${kind}`, connection, ...inputs, __run: { preview: true } });
  const deferred = { capacity: "1 GiB", activation: "deferred", openstack, drain: "migrate" };
  const guests = [{ name: "instance-1", id: 1, memoryMib: 64, is: ["running" as const] }];

  it("asks no cloud that is not named, and none for a restart that there will not be", async () => {
    play({});
    assert.deepEqual((await preview("FileBackedMemoryConfig", { capacity: "1 GiB" })).failures, []);
    play({});
    assert.deepEqual((await preview("ServiceActivation", { openstack })).failures, []);
    assert.deepEqual(asked, []);
  });

  it("refuses in the cloud's words, before the host is touched", async () => {
    play({}, { aggregates: [{ name: "dense", hosts: ["compute-1"], metadata: { ram_allocation_ratio: "2" } }] });
    const { failures } = await preview("FileBackedMemoryConfig", { capacity: "1 GiB", openstack });
    assert.match(failures[0]!.reason, /^\[compute-1\] aggregate dense has ram_allocation_ratio = 2; /);
    assert.equal(asked.length, 1);
  });

  it("says that a host may be disabled where the program no longer says in which cloud", async () => {
    const drained = { host: "compute-1", reason: "ours" };
    play({ files: { "/var/lib/hostmem/cloud.json": [JSON.stringify({ version: 1, drained })] } });
    await preview("ServiceActivation", {});
    assert.match(said.join("\n"), /warning: compute-1 may still be disabled in Nova/);
  });

  it("warns of what is unknown, and of what placement does not know", async () => {
    play({}, { apiMaximum: 70, computes: [{ host: "old", hasTraitOfStein: false }] });
    assert.deepEqual((await preview("FileBackedMemoryConfig", { capacity: "1 GiB", openstack })).failures, []);
    const warnings = said.filter((line) => line.includes("warning: "));
    assert.ok(
      warnings.some((line) => line.includes("is unknown; nothing says so of old")),
      said.join("\n"),
    );
    assert.ok(
      warnings.some((line) => line.includes("placement of lab does not know this host yet")),
      said.join("\n"),
    );
  });

  it("takes a host of the same program at its word for its release", async () => {
    play({ files: { "/etc/nova/nova.conf": ["[DEFAULT]", "host = old-1", ""] }, versions: { nova: "17.0.0" } });
    await preview("ServiceActivation", {});
    play({}, { apiMaximum: 70, computes: [{ host: "old-1", hasTraitOfStein: false }] });
    const { failures } = await preview("FileBackedMemoryConfig", { capacity: "1 GiB", openstack });
    assert.match(failures[0]!.reason, /^\[compute-1\] .* and old-1 is older/);
  });

  it("refuses a restart that does not move the guests that another resource counts as moved", async () => {
    play({ guests });
    assert.deepEqual((await preview("FileBackedMemoryConfig", deferred)).failures, []);
    for (const drain of [undefined, "disable"]) {
      const { failures } = await preview("ServiceActivation", { openstack, drain });
      assert.match(failures[0]!.reason, /must be "migrate" here, too/);
    }
    assert.deepEqual((await preview("ServiceActivation", { openstack, drain: "migrate" })).failures, []);
  });

  it("refuses it as well where an earlier run has left that restart, or a run without a preview", async () => {
    const pending = { version: 1, services: ["nova-compute"], reasons: [], edits: [], countsOnMigration: true };
    const files = { "/var/lib/hostmem/pending.json": [JSON.stringify(pending)] };
    play({ guests, files });
    const { failures } = await preview("ServiceActivation", { openstack, drain: "disable" });
    assert.match(failures[0]!.reason, /must be "migrate" here, too: .* \(instance-1\)/);
    assert.deepEqual((await preview("ServiceActivation", { openstack, drain: "migrate" })).failures, []);
    play({ guests, files });
    const [other] = (await preview("PageSizePolicy", { allowed: "small" })).failures;
    assert.match(other!.reason, /cannot be done together: .* Make the two changes in two updates/);
    play({ files });
    assert.deepEqual((await preview("ServiceActivation", { openstack })).failures, []);
  });

  it("says nothing of a credential when there is no way to the cloud", async () => {
    play({});
    const both = { cloud: "nowhere-4711", password: "misplaced-credential" };
    const { failures } = await preview("FileBackedMemoryConfig", { capacity: "1 GiB", openstack: both });
    assert.equal(failures.length, 1);
    assert.equal(failures[0]!.property, "");
    assert.match(failures[0]!.reason, /^\[compute-1\] openstack: \[nowhere-4711\] /);
    assert.doesNotMatch(failures[0]!.reason, /misplaced-credential/);
  });
});
