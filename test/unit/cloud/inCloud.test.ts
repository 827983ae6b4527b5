import { strict as assert } from "node:assert";
import { remember, restartsNova, withCloudLines } from "../../../provider/cloud/inCloud";
import type { CloudRecord } from "../../../provider/core/facts/journal";
import { kinds } from "../../../provider/core/kinds";
import { planLines } from "../../../provider/core/plan/step";
import { type Declared, evaluate, readInputs } from "../../../provider/resource";
import { DescribedHost } from "../../support/plans/describedHost";

const access = { connection: { host: "compute-1", user: "root" }, owner: "p/s/memory" };

function declared(kind: string, inputs: Record<string, unknown>): Declared {
  const read = readInputs(kinds.get(kind)!, { ...access, ...inputs }, {});
  assert.ok(!Array.isArray(read), JSON.stringify(read));
  return read;
}

function host(cloud?: CloudRecord) {
  const files = { "/etc/nova/nova.conf": ["[DEFAULT]", "host = node-1", ""] };
  const record: Record<string, string[]> = cloud ? { "/var/lib/hostmem/cloud.json": [JSON.stringify(cloud)] } : {};
  return new DescribedHost({ files: { ...files, ...record } }).facts();
}

function lines(resource: Declared, facts = host()): string[] {
  const { plan } = evaluate(resource, facts, undefined);
  return withCloudLines(resource, facts, plan, planLines(plan));
}

describe("a plan in a cloud", () => {
  const memory = { capacity: "1 GiB", openstack: "production" };

  it("says what is done there before and after it, by Nova's name of the host", () => {
    const shown = lines(declared("FileBackedMemoryConfig", { ...memory, drain: "migrate" }));
    assert.deepEqual(shown.slice(0, 2), ["disable node-1 in Nova", "live migrate its guests to other hosts"]);
    assert.deepEqual(shown.slice(-2), ["restart nova-compute", "enable node-1 in Nova"]);
    const disabled = lines(declared("FileBackedMemoryConfig", { ...memory, drain: "disable" }));
    assert.deepEqual(
      disabled,
      shown.filter((line) => !line.startsWith("live migrate")),
    );
  });

  it("is as without one where nobody is drained, or nothing restarts", () => {
    const plain = lines(declared("FileBackedMemoryConfig", { capacity: "1 GiB" }));
    assert.deepEqual(lines(declared("FileBackedMemoryConfig", memory)), plain);
    const deferred = declared("FileBackedMemoryConfig", { ...memory, drain: "disable", activation: "deferred" });
    assert.equal(restartsNova(evaluate(deferred, host(), undefined).plan), false);
    assert.ok(lines(deferred).every((line) => line.startsWith("set ")));
  });

  it("ends a drain that a cut run left, by whoever restarts", () => {
    const left = host({ version: 1, drained: { host: "node-1", reason: "ours" } });
    const expected = ["enable node-1 in Nova, as a run that was cut left it disabled"];
    assert.deepEqual(lines(declared("ServiceActivation", { openstack: "production" }), left), expected);
    assert.deepEqual(lines(declared("ServiceActivation", {}), left), []);
    assert.deepEqual(
      lines(declared("BackingStore", {}), left).filter((line) => line.startsWith("enable")),
      [],
    );
  });

  it("remembers on the host what it owes there, and forgets it with the last of it", () => {
    const drained = { host: "node-1", reason: "ours" };
    const former = { memoryRatio: 1.5, hadTrait: false };
    const written = (cloud: CloudRecord | undefined, change: Parameters<typeof remember>[1]) =>
      remember(host(cloud), change).map((step) =>
        step.kind === "write-record" ? step.content?.replace(/\s+/g, "") : step,
      );
    assert.deepEqual(written(undefined, { drained }), [JSON.stringify({ version: 1, drained })]);
    assert.deepEqual(written({ version: 1, drained }, { former }), [JSON.stringify({ version: 1, drained, former })]);
    assert.deepEqual(written({ version: 1, drained, former }, { drained: undefined }), [
      JSON.stringify({ version: 1, former }),
    ]);
    assert.deepEqual(written({ version: 1, former }, { former: undefined }), [undefined]);
    assert.deepEqual(written(undefined, { former: undefined }), []);
  });
});

describe("guests that run on a host that is to be emptied", () => {
  const guests = [{ name: "instance-1", id: 1, memoryMib: 4096, is: ["running" as const] }];
  const inputs = { capacity: "1 GiB", openstack: "production" };
  const problems = (more: Record<string, unknown>, nova = "active") => {
    const facts = new DescribedHost({ guests, nova: { activeState: nova } }).facts();
    return evaluate(declared("FileBackedMemoryConfig", { ...inputs, ...more }), facts, undefined);
  };

  it("are a hazard unless they will have been moved away", () => {
    assert.equal(problems({ drain: "disable" }).problems.length, 2);
    assert.deepEqual(problems({ drain: "migrate" }).problems, []);
  });

  it("are one where nothing restarts, so that nobody moves them", () => {
    assert.equal(problems({ drain: "migrate" }, "inactive").problems.length, 2);
  });

  it("are counted on to be gone by a resource that leaves the restart to another", () => {
    const deferred = { drain: "migrate", activation: "deferred" };
    assert.equal(problems(deferred).effect?.countsOnMigration, true);
    assert.equal(problems({ drain: "migrate" }).effect?.countsOnMigration, undefined);
  });
});
