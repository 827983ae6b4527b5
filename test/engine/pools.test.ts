import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { bootScript } from "../../provider/core/host/pageLibrary";
import { planPools } from "../../provider/core/kinds/pagePools";
import { HostSession } from "../../provider/core/session";
import { LocalTransport } from "../../provider/core/transport/local";
import { LightHost } from "../support/sandbox/lightHost";
import { connection } from "../unit/transport/connections";

const options = { holder: "p/s/pages, pid 1", lockTimeoutSeconds: 30, progress: () => {} };
const pool = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB";
const other = pool.replace("node0", "node1");

// The kernel's own pools are the machine's: here files play them, which give any number and know no users but those written to them.
describe("a plan for pools of huge pages", function () {
  this.timeout(120_000);
  let host: LightHost;
  const path = process.env["PATH"];

  beforeEach(async () => {
    host = await LightHost.start();
    process.env["PATH"] = `${host.shell}:${path}`;
    mock.method(console, "log", () => {});
    host.run(`mount -t tmpfs tmpfs /sys/devices/system/node && mkdir -p ${pool} ${other}`);
    set(pool, 8, 8);
    set(other, 1, 1);
  });
  afterEach(async () => {
    process.env["PATH"] = path;
    mock.restoreAll();
    await host?.stop();
  });

  const set = (where: string, total: number, free: number) =>
    host.run(`echo ${total} >${where}/nr_hugepages; echo ${free} >${where}/free_hugepages`);
  const totals = () => host.run(`cat ${pool}/nr_hugepages ${other}/nr_hugepages`).split("\n").slice(0, 2).map(Number);

  /** Makes both pools so by a plan from facts of before `meanwhile`; tells what each plan for it was made from. */
  async function plansOf(counts: number[], meanwhile: () => void): Promise<number[][]> {
    const local = new LocalTransport(connection(), { method: "none", password: undefined });
    const session = new HostSession(local, async () => undefined);
    await session.facts();
    meanwhile();
    const seen: number[][] = [];
    await session.apply((facts) => {
      seen.push(facts.hugePages.pools.map(({ total }) => total));
      if (facts.hugePages.pools.some(({ total, free }, index) => total - free > counts[index]!))
        throw new Error("somebody has them");
      const wanted = counts.map((count, node) => ({ node, sizeKib: 2048, count }));
      const { steps } = planPools(facts, wanted, "unit", undefined);
      return { steps: steps.filter((step) => step.kind === "call" && step.call === "set_pools"), warnings: [] };
    }, options);
    return seen;
  }

  it("sets all of them", async () => {
    assert.deepEqual(await plansOf([2, 5], () => {}), [[8, 1]]);
    assert.deepEqual(totals(), [2, 5]);
  });

  it("is made anew where somebody has changed one of them since", async () => {
    assert.deepEqual(await plansOf([2, 5], () => set(other, 3, 3)), [
      [8, 1],
      [8, 3],
    ]);
    assert.deepEqual(totals(), [2, 5]);
  });

  it("takes away no page that somebody has taken since", async () => {
    await assert.rejects(
      plansOf([2, 5], () => set(pool, 8, 5)),
      /somebody has them/,
    );
    assert.deepEqual(totals(), [8, 1]);
  });

  it("sets none of them where the kernel does not give one, and says how many it gave", async () => {
    const refuse = () => {
      const file = `${other}/nr_hugepages`;
      host.run(`mount --bind ${file} ${file} && mount -o remount,bind,ro ${file}`);
    };
    await assert.rejects(
      plansOf([2, 5], refuse),
      /the kernel gave 1 of 5 pages of 2048 KiB on node 1, even after compac/,
    );
    assert.deepEqual(totals(), [8, 1]);
  });

  /** Has the host believe that it has 16 GiB, and so much to spare. */
  const pretend = (availableMib: number) => {
    const lines = [`MemTotal: ${16 * 1024 ** 2} kB`, "MemFree: 1 kB", `MemAvailable: ${availableMib * 1024} kB`];
    host.run(`printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} >/run/meminfo`);
    host.run("mount --bind /run/meminfo /proc/meminfo");
  };

  it("leaves the host what it needs to work, though the kernel would give all", async () => {
    await assert.rejects(
      plansOf([100, 1], () => {
        pretend(600);
        host.run(`echo 52 >${pool}/free_hugepages`); // As many as the kernel would say once they are there.
      }),
      /the kernel gave 52 of 100 pages of 2048 KiB on node 0, as the host itself needs what memory it has left/,
    );
    assert.deepEqual(totals(), [8, 1]);
  });

  const boot = (...words: string[]) =>
    host
      .run(`sh -c '${bootScript}' hostmem ${words.join(" ")} 2>&1; echo "ended with $?"`)
      .trim()
      .split("\n");

  it("is carried out at boot as far as the host's memory goes, which may have become less", () => {
    pretend(600);
    assert.deepEqual(boot("0:2048:100", "1:2048:1"), [
      "the kernel gave 52 of 100 pages of 2048 KiB on node 0, as the host itself needs what memory it has left",
      "ended with 1",
    ]);
    assert.deepEqual(totals(), [52, 1]);
    pretend(100);
    boot("0:2048:100", "1:2048:0");
    assert.deepEqual(totals(), [52, 0]);
  });

  it("shrinks at boot first what others made larger, wherever it is named", () => {
    set(pool, 2, 2);
    set(other, 9, 9);
    host.run(`mount --bind ${pool}/nr_hugepages ${pool}/nr_hugepages && mount -o remount,bind,ro ${pool}/nr_hugepages`);
    const [said] = boot("0:2048:4", "1:2048:3");
    assert.equal(said, "the kernel gave 2 of 4 pages of 2048 KiB on node 0, even after compaction");
    assert.deepEqual(totals(), [2, 3]);
    const compacted = `${pool}/../../compact`;
    assert.match(host.run(`ls -t ${compacted} ${other}/nr_hugepages`), /compact\n.*node1/, "the newest first");
  });
});
