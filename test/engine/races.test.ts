import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { kinds } from "../../provider/core/kinds";
import { fileBackedMemoryConfig } from "../../provider/core/kinds/fileBackedMemoryConfig";
import { type Plan, planLines } from "../../provider/core/plan/step";
import { readArgs } from "../support/plans/planCase";
import { sampled } from "../support/sampled";
import { Sandbox } from "../support/sandbox/sandbox";
import { editing, noting } from "../support/sandbox/stubs";
import { beginTrial } from "../support/trials";

const novaConf = "/etc/nova/nova.conf";
const qemuConf = "/etc/libvirt/qemu.conf";
const files = [novaConf, "/etc/nova/nova-compute.conf", qemuConf];
const original = "[DEFAULT]\nstate_path = /var/lib/nova\n[libvirt]\ncpu_mode = none\n";
const kind = kinds.get(fileBackedMemoryConfig.name)!;
type Declared = Record<string, unknown> | "removed";
const one = { capacity: "1 GiB", activation: "deferred" };
const two = { capacity: "2 GiB", activation: "deferred" };

function prepared(): Sandbox {
  const sandbox = new Sandbox();
  sandbox.write(novaConf, original, 0o640);
  sandbox.write("/etc/nova/nova-compute.conf", "[libvirt]\nvirt_type = kvm\n");
  sandbox.write(qemuConf, "# comment\n", 0o600);
  return sandbox;
}

function planFor(sandbox: Sandbox, declared: Declared): Plan {
  const facts = sandbox.host(files).facts();
  const args = readArgs(kind, declared === "removed" ? one : declared);
  const made =
    declared === "removed" ? kind.undo(args, facts) : kind.evaluate(args, facts, { recorded: undefined, planned: [] });
  assert.deepEqual(made.problems, []);
  return made.plan;
}

/** Milliseconds by lot, the same for the same seed. */
function offset(trial: string, limit: number): number {
  const lot = createHash("sha256")
    .update(`${process.env["HOSTMEM_SEED"] ?? "0"} ${trial}`)
    .digest();
  return lot.readUInt32BE(0) % limit;
}

/** Which apply did something to the host, in that order; runs of one apply count once. What concerns its own folder is left out. */
function turns(sandbox: Sandbox): string[] {
  const lines = (sandbox.read("/run/effects") ?? "")
    .split("\n")
    .filter((line) => line !== "" && !line.includes("/apply/"));
  const applies = lines.map((line) => line.split(" ", 1)[0]!).filter((id) => id !== "");
  assert.ok(applies.length > 0);
  return applies.filter((id, index) => id !== applies[index - 1]);
}

describe("two applies at once on one host", function () {
  this.timeout(240_000);
  let sandbox: Sandbox;
  afterEach(() => sandbox?.remove());

  const pairs: { name: string; first: Declared; next: [Declared, Declared]; ends: (string | undefined)[] }[] = [
    { name: "two ups", first: "removed", next: [one, two], ends: ["1024", "2048"] },
    { name: "an up and a destroy", first: one, next: [two, "removed"], ends: ["2048", undefined] },
    { name: "two destroys", first: one, next: ["removed", "removed"], ends: [undefined] },
    { name: "the same up twice", first: "removed", next: [one, one], ends: ["1024"] },
  ];
  const trials = pairs.flatMap((pair) => Array.from({ length: 25 }, (_, index) => ({ pair, index })));
  for (const { pair, index } of sampled("two applies at once", trials, 4)) {
    const name = `${pair.name}, lot ${index + 1}`;
    it(`do not mix: ${name}`, () => {
      const prove = beginTrial("races", name, ["no interleaving", "converged or explained"]);
      sandbox = prepared();
      if (pair.first !== "removed") assert.equal(sandbox.apply(planFor(sandbox, pair.first)).report.status, "applied");
      for (const tool of ["mkdir", "rm", "cp", "sync", "mv", "base64"]) {
        sandbox.write(`/usr/sbin/${tool}`, noting(tool), 0o755);
      }
      const plans = pair.next.map((declared) => planFor(sandbox, declared));
      const runs = sandbox.applyTogether([
        { plan: plans[0]!, afterMs: offset(`${name} one`, 300) },
        { plan: plans[1]!, afterMs: offset(`${name} other`, 300) },
      ]);
      const order = turns(sandbox);
      assert.equal(new Set(order).size, order.length, `${order.join(" ")}\n${sandbox.read("/run/effects")}`);
      prove("no interleaving");

      // Both were planned on the same host, so that whichever came second finds it moved, and changes nothing.
      const ended = runs.map(({ report }) => report.status).sort();
      assert.deepEqual(ended, ["applied", "moved"], runs.map(({ log }) => log).join("\n"));
      const second = runs.findIndex(({ report }) => report.status === "moved");
      assert.match(runs[second]!.report.moved ?? "", /^\/(var\/lib\/hostmem|etc)\//);
      const applied = pair.next[1 - second]!;
      assert.deepEqual(planLines(planFor(sandbox, applied)), [], "the first did all of its own");
      // Planned again, as a session does, it ends on the host that the first one left.
      const again = planFor(sandbox, pair.next[second]!);
      if (again.steps.length > 0) assert.equal(sandbox.apply(again).report.status, "applied");
      assert.deepEqual(planLines(planFor(sandbox, pair.next[second]!)), []);
      const value = /^file_backed_memory = (\d+)$/m.exec(sandbox.read(novaConf)!)?.[1];
      assert.ok(pair.ends.includes(value), `${value}`);
      if (value === undefined) assert.equal(sandbox.read(novaConf), original);
      prove("converged or explained");
    });
  }
});

describe("a file that somebody changes while an apply is at it", function () {
  this.timeout(240_000);
  let sandbox: Sandbox;
  afterEach(() => sandbox?.remove());
  const line = "; by hand";
  const tools = ["sha256sum", "mkdir", "rm", "cp", "cat", "sync", "mv", "base64", "head", "tail", "cut", "python3"];

  // How many commands an apply of this plan uses, give or take: a point beyond its end is an edit that comes after it.
  const points = Array.from({ length: 90 }, (_, index) => index + 1);
  const moments = [
    ...sampled("an editor", points, 5).map((at) => ({ when: `before command ${at}`, at, watched: tools })),
    { when: "after the last look, before the swap", at: 1, watched: ["python3"] },
  ];
  for (const { when, at, watched } of moments) {
    it(`keeps what was written, and ours is there as a whole or not at all: ${when}`, () => {
      const prove = beginTrial("races", `an editor ${when}`, ["nothing lost", "converged or explained"]);
      sandbox = prepared();
      const plan = planFor(sandbox, one);
      for (const tool of watched) sandbox.write(`/usr/sbin/${tool}`, editing(tool, novaConf, line), 0o755);
      sandbox.write("/run/edit-at", `${at}\n`);
      const { report, log } = sandbox.apply(plan);
      const isEdited = sandbox.read(novaConf)!.includes(line);
      assert.ok(isEdited || Number(sandbox.read("/run/count")) < at, log);
      const text = sandbox.read(novaConf)!;
      const lines = ["file_backed_memory = 1024", "ram_allocation_ratio = 1.0", "reserved_host_memory_mb = 0"];
      const ours = lines.filter((each) => text.includes(`\n${each}\n`));
      assert.ok([0, lines.length].includes(ours.length), text);
      prove("nothing lost");

      assert.equal(report.status === "applied", ours.length > 0, `${report.status}\n${text}`);
      if (report.status === "moved") assert.equal(report.moved, novaConf);
      if (report.status === "failed") assert.match(report.reason ?? "", /nova\.conf was changed by somebody else/);
      assert.ok(["applied", "moved", "failed"].includes(report.status ?? "cut"), log);
      const again = planFor(sandbox, one);
      if (again.steps.length > 0) assert.equal(sandbox.apply(again).report.status, "applied");
      assert.deepEqual(planLines(planFor(sandbox, one)), []);
      const after = sandbox.read(novaConf)!;
      assert.ok(after.includes(line) === isEdited && lines.every((each) => after.includes(`\n${each}\n`)), after);
      assert.equal(sandbox.run("ls -A /etc/nova | grep hostmem || :"), "");
      prove("converged or explained");
    });
  }
});
