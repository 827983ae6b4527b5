import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { providerText } from "../../../provider/dynamic";
import { stateVersion } from "../../../provider/resource";
import { DynamicProvider } from "../../support/dynamicProvider";

/** What the engine puts in place of a value that it does not know yet. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const kind = "FileBackedMemoryConfig";
/** Nothing listens on port 1. */
const dead = { host: "127.0.0.1", port: 1, dialErrorLimit: 0, perDialTimeout: 5, password: "s3cret-value" };
const declared = { owner: "project/stack/memory", connection: dead, capacity: "1 GiB" };

describe("the provider's text in state", () => {
  // Every resource ever created has its text in state for ever, and another text is an update of all of them everywhere.
  const pinned = {
    BackingStore: "43d35277642f1e67b997cba82dad1347fd921faa2d539255ce5749a46b96e0f2",
    FileBackedMemoryConfig: "684fea819a777aaf4c45572eb10eb9df130e4fe53128468125069b2f204cbd6d",
    PageSizePolicy: "f3a01971122041acda3bbaaedece8cdf206bb19a382c47f4d38eeb0e99f82390",
    PersistentMemory: "f2f64e06d48ed770bbdfa3e105f523a44d94f7c715c3b5bbfc5f5f827427a153",
    ServiceActivation: "8b7661f0f95245e7994c46a921e8ed4db2b859966ebd4cfad10112fe82fec5ab",
  };
  for (const [name, hash] of Object.entries(pinned)) {
    it(`of ${name} never changes`, () => {
      assert.equal(createHash("sha256").update(providerText(name)).digest("hex"), hash);
    });
  }
});

describe("the provider behind Pulumi's own server", () => {
  let provider: DynamicProvider;
  before(async () => {
    provider = await DynamicProvider.start();
  });
  after(() => provider?.stop());
  beforeEach(() => {
    provider.printed = "";
  });

  it("names every problem of the inputs at once, by property", async () => {
    const { answer } = await provider.check(
      kind,
      {},
      { ...declared, capacity: "1 TB", discard: "never", capacityy: 1 },
    );
    assert.deepEqual(answer?.failures.map(({ property }) => property).sort(), ["", "capacity", "discard"]);
    assert.match(
      answer?.failures.find(({ property }) => property === "")?.reason ?? "",
      /^capacityy: is not a property/,
    );
    assert.match(answer?.failures.find(({ property }) => property === "capacity")?.reason ?? "", /1 TB/);
  });

  it("never names a property that the program left out, as the engine would print its value", async () => {
    const { owner, connection } = declared;
    const { answer } = await provider.check(kind, {}, { owner, connection, allowHazards: ["no-such-hazard"] });
    const [left, present] = answer!.failures.sort((one, other) => (one.property < other.property ? -1 : 1));
    assert.deepEqual([left?.property, present?.property], ["", "allowHazards[0]"]);
    assert.match(left?.reason ?? "", /^capacity: is required/);
  });

  it("never names a property that can hold a secret, as the engine would print its value", async () => {
    const connection = { ...dead, port: "s3cret-value", privateKeyy: "s3cret-value", user: "s3cret-value x" };
    const { answer } = await provider.check(kind, {}, { ...declared, connection, become: { method: "s3cret-value" } });
    const word = await provider.check(kind, {}, { ...declared, become: "s3cret-value" });
    answer!.failures.push(...word.answer!.failures);
    assert.ok(answer!.failures.length >= 5, JSON.stringify(answer?.failures));
    for (const { property, reason } of answer!.failures) {
      assert.equal(property, "");
      assert.match(reason, /^(connection|become)\b/);
    }
    const quoted = answer!.failures.filter(({ reason }) => reason.includes("s3cret-value"));
    assert.deepEqual(quoted, []);
    assert.doesNotMatch(provider.printed, /s3cret-value/);
  });

  it("tells of a host that cannot be reached in a clean line, without a secret", async () => {
    const { answer } = await provider.check(kind, {}, declared);
    assert.equal(answer?.failures.length, 1);
    assert.equal(answer?.failures[0]?.property, "");
    assert.match(answer?.failures[0]?.reason ?? "", /^\[127\.0\.0\.1\] /);
    assert.doesNotMatch(JSON.stringify(answer?.failures) + provider.printed, /s3cret-value|\bat .*\.js/);
  });

  it("plans nothing yet where an input is not known, and looks at the others all the same", async () => {
    const run = { __run: { preview: true } };
    const later = await provider.check(kind, {}, { ...declared, ...run, connection: { ...dead, host: unknown } });
    assert.deepEqual(later.answer?.failures, []);
    assert.equal(later.answer?.inputs["plan"], undefined);
    assert.match(provider.printed, /planned once connection is known/);
    const wrong = await provider.check(kind, {}, { ...declared, connection: unknown, discard: "never" });
    assert.deepEqual(
      wrong.answer?.failures.map(({ property }) => property),
      ["discard"],
    );
    const diff = await provider.diff(kind, "x/y", { ...declared, stateVersion }, { ...declared, connection: unknown });
    assert.equal(diff.answer, "some");
  });

  it("records nothing of what is for one run only", async () => {
    const inputs = {
      ...declared,
      connection: { ...dead, host: unknown },
      __run: { readAhead: "/tmp/x", preview: true },
    };
    const { answer } = await provider.check(kind, {}, inputs);
    const { __provider, ...recorded } = answer!.inputs;
    assert.deepEqual(recorded, { ...declared, connection: inputs.connection, stateVersion });
    assert.equal(__provider, providerText(kind));
  });

  it("skips a host that cannot be reached where that is wanted, and keeps what was recorded", async () => {
    const skip = { ...declared, unreachable: "skip" };
    const former = { ...skip, memoryMb: 1024, plan: ["set x"], stateVersion };
    const { answer } = await provider.check(kind, former, skip);
    const { __provider: _text, ...inputs } = answer!.inputs;
    assert.deepEqual(inputs, { ...skip, memoryMb: 1024, stateVersion });
    assert.equal((await provider.diff(kind, "x/y", former, inputs)).answer, "none");
    const read = await provider.read(kind, "x/y", former);
    assert.equal(read.answer?.id, "x/y");
    assert.equal(read.answer?.properties["memoryMb"], 1024);
    assert.match(provider.printed, /\[127\.0\.0\.1\] skipped: /);
  });

  it("records of a skipped host how it is to be reached, and nothing that was not done", async () => {
    const former = { ...declared, memoryMb: 1024, stateVersion };
    const news = { ...declared, unreachable: "skip", connection: { ...dead, password: "new" }, capacity: "2 GiB" };
    assert.equal((await provider.diff(kind, "x/y", former, news)).answer, "some");
    const { answer } = await provider.update(kind, "x/y", former, news);
    const { __provider: _text, ...recorded } = answer!;
    assert.deepEqual(recorded, { ...former, unreachable: "skip", connection: news.connection });
  });

  it("never takes a host that cannot be reached for one without the object", async () => {
    const read = await provider.read(kind, "x/y", { ...declared, stateVersion });
    assert.match(read.error?.message ?? "", /^\[127\.0\.0\.1\] /);
    const removed = await provider.delete(kind, "x/y", { ...declared, stateVersion });
    assert.match(removed.error?.message ?? "", /^\[127\.0\.0\.1\] .*is not forgotten\n.*pulumi state delete/);
    const skipped = await provider.delete(kind, "x/y", { ...declared, unreachable: "skip", stateVersion });
    assert.match(skipped.error?.message ?? "", /is not forgotten/);
    const never = await provider.create(kind, { ...declared, unreachable: "skip" });
    assert.match(never.error?.message ?? "", /What is not there yet cannot be skipped/);
    const created = await provider.create(kind, declared);
    assert.match(created.error?.message ?? "", /^\[127\.0\.0\.1\] /);
  });

  it("prints an error as one line, with neither a stack nor an empty end", async () => {
    await provider.read(kind, "x/y", { ...declared, stateVersion });
    const lines = provider.printed.trimEnd().split("\n");
    assert.equal(lines.length, 1, provider.printed);
    assert.match(lines[0]!, /^\[127\.0\.0\.1\]: \S.*\S$/);
    assert.doesNotMatch(lines[0]!, /HostError|\.js:|: $/);
  });

  it("refuses state of a newer version in every method", async () => {
    const newer = { ...declared, stateVersion: stateVersion + 1 };
    const outcomes = [
      await provider.check(kind, newer, declared),
      await provider.diff(kind, "x/y", newer, declared),
      await provider.read(kind, "x/y", newer),
      await provider.delete(kind, "x/y", newer),
    ];
    for (const { error } of outcomes) assert.match(error?.message ?? "", /newer pulumi-hostmem.*install at least/);
  });

  it("refuses a kind that it does not know, and says what to do", async () => {
    const { error } = await provider.check("PageTable", {}, declared);
    assert.match(error?.message ?? "", /knows no PageTable; install the version that created the resource/);
    assert.match(provider.printed, /^pulumi-hostmem: this pulumi-hostmem knows no PageTable.*\n$/);
  });

  it("reads this machine through the local transport and refuses one without nova-compute", async () => {
    const local = { ...declared, connection: { host: "localhost", transport: "local" }, become: "none" };
    const { answer } = await provider.check(kind, {}, local);
    assert.match(JSON.stringify(answer?.failures), /no nova-compute service was found on the host/);
  });
});
