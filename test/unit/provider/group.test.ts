import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { group } from "../../../provider/group";
import { run } from "../../../provider/runtime";
import { fileBacked, named, plain } from "../migration/hosts";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const owner = "project/stack/gold";
const alike = [named("compute-1", plain), named("compute-2", plain)];
const unlike = [named("compute-1", plain), named("compute-2", fileBacked)];

describe("a group of hosts", () => {
  let said: string[];
  beforeEach(() => {
    said = [];
    mock.method(console, "log", (line: string) => said.push(line));
  });
  afterEach(() => mock.restoreAll());

  const checked = (members: unknown, more: Record<string, unknown> = {}) =>
    group.check({}, { owner, members, __run: { preview: true }, ...more });

  it("records classes and no members", () => {
    const { inputs, failures } = checked(alike);
    assert.deepEqual(failures, []);
    assert.deepEqual(Object.keys(inputs).sort(), ["classes", "owner", "stateVersion"]);
    assert.deepEqual(said, []);
  });

  it("has a state that does not grow with a thousand hosts", () => {
    const many = Array.from({ length: 1000 }, (_, index) =>
      named(`compute-${String(index).padStart(4, "0")}.example.net`, index < 500 ? plain : fileBacked),
    );
    const { inputs } = checked(many);
    assert.ok(JSON.stringify(inputs).length < 1500, JSON.stringify(inputs));
  });

  it("warns in a preview, and in nothing else", () => {
    assert.deepEqual(checked(unlike).failures, []);
    assert.match(
      said[0] ?? "",
      /^\[project\/stack\/gold\] warning: guests without page size or persistent memory break on the way from A to B: /,
    );
    said = [];
    checked(unlike, { __run: { preview: false } });
    assert.deepEqual(said, []);
  });

  it("fails if it is told to, with all that is wrong and what to do", () => {
    const { failures } = checked(unlike, { onIncompatible: "fail" });
    assert.deepEqual(
      failures.map(({ property }) => property),
      [""],
    );
    assert.match(failures[0]!.reason, /^members: guests [\s\S]*Make the hosts alike/);
    const others = [alike[0], named("huge", { ...plain, pageSizes: [4, 2048] })];
    assert.notDeepEqual(checked(others, { onIncompatible: "fail" }).failures, []);
    assert.deepEqual(checked(others, { onIncompatible: "fail", guests: ["plain"] }).failures, []);
  });

  it("waits for members that are not known", () => {
    const { inputs, failures } = checked([alike[0], unknown]);
    assert.deepEqual(failures, []);
    assert.equal(inputs["classes"], undefined);
    assert.match(said.join("\n"), /planned once all members are known/);
  });

  it("changes with its classes and its settings, and with nothing else", () => {
    const olds = checked(alike).inputs;
    const differs = (members: unknown, more: Record<string, unknown> = {}) =>
      group.diff("", olds, checked(members, more).inputs).changes;
    assert.equal(differs([...alike].reverse()), false);
    assert.equal(differs(alike, { onIncompatible: "warn" }), false);
    assert.equal(differs(alike, { onIncompatible: "fail" }), true);
    assert.equal(differs(unlike), true);
  });

  it("is refused by a runtime that is older than its state", async () => {
    const newer = { ...checked(alike).inputs, stateVersion: 2 };
    for (const [method, args] of [
      ["check", [newer, { owner, members: alike }]],
      ["diff", ["", newer, newer]],
      ["read", ["", newer]],
    ] as const) {
      const reason = { message: /written by a newer pulumi-hostmem/ };
      await assert.rejects(run("LiveMigrationGroup", method, args), reason, method);
    }
  });

  it("goes through a whole life by the calls that state makes", async () => {
    const { inputs } = (await run("LiveMigrationGroup", "check", [{}, { owner, members: alike }])) as {
      inputs: object;
    };
    const made = (await run("LiveMigrationGroup", "create", [inputs])) as { id: string; outs: object };
    assert.deepEqual(made.outs, inputs);
    const read = await run("LiveMigrationGroup", "read", [made.id, made.outs]);
    assert.deepEqual(read, { id: made.id, props: made.outs });
    assert.deepEqual(await run("LiveMigrationGroup", "update", [made.id, made.outs, inputs]), { outs: inputs });
    assert.deepEqual(await run("LiveMigrationGroup", "delete", [made.id, made.outs]), {});
  });
});
