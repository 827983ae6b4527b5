import { strict as assert } from "node:assert";
import { sampled } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { type PlayedNamespace, PlayedPmem } from "./support/playedPmem";

const mib = 1024 ** 2;
const declared = {
  PersistentMemory: {
    activation: "deferred",
    namespaces: ["ours-0", "ours-1"].map((name) => ({ name, label: "SMALL", size: "128 MiB" })),
  },
};

/** ndctl writes so often for one namespace, its own end included. */
const writes = 8;
const cuts = Array.from({ length: 2 * writes }, (_, index) => index + 1).flatMap((cut) => [
  { cut, power: false },
  { cut, power: true },
]);

describe("namespaces whose making is cut", function () {
  this.timeout(900_000);
  let pmem: PlayedPmem;
  let foreign: unknown;

  beforeEach(async () => {
    pmem = await PlayedPmem.start();
    pmem.make(`--mode=devdax --size=${64 * mib} --name=theirs`);
    pmem.make(`--mode=raw --size=${32 * mib} --name=bytes`);
    pmem.make(`--mode=devdax --size=${32 * mib}`);
    pmem.run("disable-namespace namespace0.2");
    foreign = others();
    pmem.begin();
  });
  afterEach(() => pmem?.stop());

  /** A disabled one is enabled by a boot; what it is known by stays. */
  const others = () =>
    pmem
      .namespaces()
      .filter(({ name }) => !name?.startsWith("ours"))
      .map(({ name, size, rawUuid, dev }) => [
        name,
        size,
        rawUuid,
        pmem.host.run(`cat /run/ndctl/medium/$(cat /sys/bus/nd/devices/${dev}/resource)`),
      ]);
  const ours = () => pmem.namespaces().filter(({ name }) => name?.startsWith("ours"));
  const assertWhole = (each: PlayedNamespace) =>
    assert.deepEqual([each.mode, each.size], ["devdax", 128 * mib], each.name);

  it("are made by as many writes as are cut here", async () => {
    await pmem.core.up(declared);
    assert.equal(pmem.writes(), 2 * writes);
    assert.deepEqual(
      ours().map(({ name }) => name),
      ["ours-0", "ours-1"],
    );
    ours().forEach(assertWhole);
    assert.deepEqual(others(), foreign);
  });

  for (const { cut, power } of sampled("cuts of ndctl", cuts, 5)) {
    const what = `before write ${cut}${power ? ", by a power cut" : ""}`;
    it(`${what}, are made whole by the next run, and nothing else is touched`, async () => {
      const prove = beginTrial("cuts of ndctl", what, ["cut", "foreign ones as before", "whole", "nothing left to do"]);
      pmem.begin({ cut });
      await assert.rejects(pmem.core.up(declared), /cut on the host before its end/);
      if (power) pmem.boot();
      prove("cut");
      assert.deepEqual(others(), foreign);
      const before = ours().filter(({ mode }) => mode === "devdax");
      pmem.begin();
      await pmem.core.up(declared);
      assert.deepEqual(others(), foreign);
      prove("foreign ones as before");
      const made = ours();
      assert.deepEqual(made.map(({ name }) => name).sort(), ["ours-0", "ours-1"]);
      made.forEach(assertWhole);
      for (const each of before)
        assert.ok(
          made.some(({ uuid }) => uuid === each.uuid),
          `${each.name} was whole`,
        );
      prove("whole");
      pmem.begin();
      assert.deepEqual(await pmem.core.preview(declared), []);
      await pmem.core.up(declared);
      assert.deepEqual(
        pmem.calls().filter((call) => !call.startsWith("list")),
        [],
      );
      prove("nothing left to do");
    });
  }
});
