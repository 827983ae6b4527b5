import { strict as assert } from "node:assert";
import { type Applied, verifiedOrTakenBack } from "../../../provider/cloud/takenBack";
import type { HostFacts } from "../../../provider/core/facts/hostFacts";
import { kinds } from "../../../provider/core/kinds";
import { CloudError, type CloudErrorKind } from "../../../provider/core/openstack/errors";
import type { CloudSession } from "../../../provider/core/openstack/session";
import { applyError } from "../../../provider/core/plan/apply";
import { ApplyLogReader } from "../../../provider/core/plan/applyLog";
import { type Plan, planLines } from "../../../provider/core/plan/step";
import { planTakeBack } from "../../../provider/core/plan/takeBack";
import { type Declared, evaluate, readInputs } from "../../../provider/resource";
import { DescribedHost, type HostDescription } from "../../support/plans/describedHost";

const owner = "p/s/memory";
const options = { holder: owner, lockTimeoutSeconds: 30, progress: () => {} };
const kind = kinds.get("FileBackedMemoryConfig")!;
const record = JSON.stringify({ version: 1, owner, edits: [] });
/** A host whose files are as a change has left them. */
const changed: HostDescription = {
  files: {
    "/etc/nova/nova.conf": ["[libvirt]", "file_backed_memory = 1024", ""],
    "/var/lib/hostmem/objects/FileBackedMemoryConfig.json": [record],
  },
};
const guest = (name: string) => ({ name, memoryMib: 64, is: ["running" as const] });

/** What comes of a change that its cloud does not confirm; `applied` is what was done to the host after it. */
async function outcome({
  reason = "late",
  before = changed,
  after = changed,
  fails = false,
}: {
  reason?: CloudErrorKind;
  before?: HostDescription;
  after?: HostDescription;
  fails?: boolean;
}) {
  const read = readInputs(kind, { owner, connection: { host: "compute-1", user: "root" }, capacity: "1 GiB" }, {});
  assert.ok(!Array.isArray(read));
  const fresh = new DescribedHost({ files: { "/etc/nova/nova.conf": ["[libvirt]", ""] } }).facts();
  const { plan } = evaluate(read, fresh, undefined);
  const facts = new DescribedHost(after).facts();
  const done: Plan[] = [];
  const { report } = new ApplyLogReader("nonce", () => {});
  const session = {
    host: "compute-1",
    forget: () => {},
    facts: async () => facts,
    apply: async (make: (now: HostFacts) => Plan) => {
      if (fails) throw applyError("compute-1", { ...report, status: "busy", holder: "somebody" });
      done.push(make(facts));
    },
  };
  const cloud = {
    expect: async () => {
      throw new CloudError(reason, "lab", "MEMORY_MB is 4096 in placement", "look into its log");
    },
  };
  const there = {
    declared: { ...read, session, log: () => {} } as unknown as Declared,
    cloud: cloud as unknown as CloudSession,
    args: { openstack: {}, drain: undefined, drainTimeoutSeconds: 3600, healthTimeoutSeconds: 10, restarts: true },
  } as Parameters<typeof verifiedOrTakenBack>[0];
  const applied: Applied = { report, plan, before: new DescribedHost(before).facts() };
  const returned: (string | undefined)[] = [];
  const error = await verifiedOrTakenBack(there, facts, applied, options, ({ status }) => returned.push(status)).then(
    () => undefined,
    (failed: Error) => failed,
  );
  assert.ok(error instanceof CloudError, String(error));
  return { message: error.message, done: done.map((each) => each.steps), returned };
}

describe("a change that placement does not follow", () => {
  it("is taken back: first the note of a restart, then the files, the restart, and the record last", async () => {
    const { message, done, returned } = await outcome({});
    assert.match(message, /MEMORY_MB is 4096 in placement; the change was taken back and the services run as before/);
    const [steps] = done;
    assert.deepEqual(
      steps?.filter((step) => step.kind !== "edit-file").map((step) => ("path" in step ? step.path : step.kind)),
      [
        "/var/lib/hostmem/pending.json",
        "/var/lib/hostmem/objects/FileBackedMemoryConfig.json",
        "activate",
        "/var/lib/hostmem/objects/FileBackedMemoryConfig.json",
        "/var/lib/hostmem/pending.json",
      ],
    );
    assert.equal(planLines({ steps: steps ?? [], warnings: [] }).at(-1), "restart nova-compute");
    assert.deepEqual(returned, ["rolled-back"]);
  });

  it("stays where guests were started with it", async () => {
    const more = { ...changed, guests: [guest("old"), guest("new")] };
    const { message, done, returned } = await outcome({ before: { guests: [guest("old")] }, after: more });
    assert.match(message, /the change stays, as guests were started meanwhile: new;/);
    assert.deepEqual([done, returned], [[], []]);
    assert.equal((await outcome({ before: more, after: more })).done.length, 1);
  });

  it("stays where the cloud says nothing at all: Nova's own word counts then", async () => {
    const { message, done } = await outcome({ reason: "unreachable" });
    assert.doesNotMatch(message, /taken back/);
    assert.deepEqual(done, []);
  });

  it("says why it could not be taken back, and is no change without traces then", async () => {
    const { message, returned } = await outcome({ fails: true });
    assert.match(message, /the change could not be taken back: .*another apply holds this host: somebody/);
    assert.deepEqual(returned, []);
  });
});

describe("the way back behind a restart", () => {
  it("finds records as they are on the host", () => {
    const facts = new DescribedHost(changed).facts();
    const path = "/var/lib/hostmem/objects/FileBackedMemoryConfig.json";
    const write = (content: string | undefined) => ({
      kind: "write-record" as const,
      path,
      before: undefined,
      content,
    });
    const { steps } = planTakeBack(facts, {
      kind: "activate",
      restarts: [{ service: "nova-compute", unit: "nova-compute.service" }],
      reasons: [],
      health: {
        ...{ novaUnit: "nova-compute.service", logFile: undefined, expectedMemoryMb: 1024, timeoutSeconds: 10 },
        evidence: { pattern: "", stableSeconds: 3 },
      },
      rollback: [write("{}\n")],
      afterRollback: [write(undefined)],
      rollbackMemoryMb: undefined,
    });
    const found = steps.flatMap((step) => (step.kind === "write-record" && step.path === path ? [step.before] : []));
    assert.equal(found[0], facts.journal.hashes.get(path));
    assert.match(found[1] ?? "", /^[0-9a-f]{64}$/);
    assert.notEqual(found[1], found[0]);
    const restart = steps.find((step) => step.kind === "activate");
    assert.equal(restart?.health.expectedMemoryMb, undefined);
  });
});
