import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CoreHost, type DeclaredHost } from "../support/fault/coreHost";
import { type CutHost, startCutHost } from "../support/fault/lab";
import { type LinkFault, LinkProxy } from "../support/fault/linkProxy";
import { disk, impatient, mountPoint } from "../support/fault/lives";
import { differences, leftovers, type OutsideView, viewHost } from "../support/fault/outside";
import { compareRecords, type HostRecord, recordHost } from "../support/lab/hostRecord";
import { isFullRun, sampled } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { kill, sshClientsOf } from "./support/processes";
import { blankDisks } from "./support/storeState";

const declared: DeclaredHost = {
  BackingStore: { device: disk, mountPoint },
  FileBackedMemoryConfig: { capacity: "512 MiB", memoryBackingDir: mountPoint, healthTimeoutSeconds: 30 },
};
const isOver = "! systemctl list-units --plain --no-legend 'hostmem-apply-*' | grep -q .";
const everySoMany = (count: number, step: number) =>
  Array.from({ length: Math.floor(count / step) }, (_, index) => 1 + index * step);

describe("an apply whose client is cut off", function () {
  this.timeout((isFullRun ? 20 : 6) * 60_000);
  let on: CutHost;
  let proxy: LinkProxy;
  let record: HostRecord;
  let clean: OutsideView;
  let made: OutsideView;
  /** Messages of an up and of a destroy. */
  let messages: { up: number; destroy: number };

  const through = () => new CoreHost(on.host, { host: "127.0.0.1", port: proxy.port, dialErrorLimit: 5 });
  /** How many messages pass in any case: how many it takes differs from time to time. */
  const fewest = () => Math.floor(Math.min(messages.up, messages.destroy) * 0.8);
  const outcome = (work: Promise<void>) =>
    work.then(
      () => "done",
      (error: Error) => error.message,
    );

  before(async function () {
    this.timeout(20 * 60_000);
    on = await startCutHost("links");
    proxy = await LinkProxy.to(on.host.address);
    await blankDisks(on.host);
    record = await recordHost(on.host);
    clean = viewHost(on.host);
    on.cutter.cutAt(0);
    proxy.breakAt(0);
    await through().up(declared, { change: impatient });
    const up = proxy.messages;
    made = viewHost(on.host);
    proxy.breakAt(0);
    await through().destroy(declared, { change: impatient });
    messages = { up, destroy: proxy.messages };
    assert.deepEqual(differences(clean, viewHost(on.host)), []);
  });
  after(async () => {
    proxy?.close();
    await on?.host.destroy();
  });
  beforeEach(() => blankDisks(on.host));
  afterEach(async () => {
    await blankDisks(on.host);
    assert.deepEqual(
      compareRecords(record, await recordHost(on.host)).filter((line) => !line.startsWith("kernel ")),
      [],
    );
  });

  /** What a next command finds and ends, whatever became of the one before. */
  async function endsWith(view: OutsideView, work: () => Promise<void>, when: string, said = ""): Promise<void> {
    const prove = beginTrial("clients cut off", when, ["converged"]);
    await on.host.waitUntilSucceeds(isOver, 60);
    await work();
    assert.deepEqual(differences(view, viewHost(on.host)), [], `${when}: ${said}`);
    assert.deepEqual(leftovers(on.host), [], `${when}: ${said}`);
    prove("converged");
  }

  async function breakEach(kind: LinkFault, points: readonly number[]): Promise<void> {
    let reached = 0;
    for (const point of points) {
      const when = `${kind} at message ${point} of ${messages.up} and ${messages.destroy}`;
      proxy.breakAt(point, kind);
      const up = await outcome(through().up(declared, { change: impatient }));
      // It may take fewer messages than the first time.
      if (proxy.isWhole) {
        await through().destroy(declared, { change: impatient });
        await blankDisks(on.host);
        continue;
      }
      reached++;
      if (up === "done") assert.deepEqual(differences(made, viewHost(on.host)), [], when);
      else assert.match(up, /unreachable|lost|closed|connect|link|answer|timed? ?out/i, when);
      await endsWith(made, () => through().up(declared, { change: impatient }), `up, ${when}`, up);
      proxy.breakAt(point, kind);
      const destroy = await outcome(through().destroy(declared, { change: impatient }));
      await endsWith(clean, () => through().destroy(declared, { change: impatient }), `destroy, ${when}`, destroy);
      await blankDisks(on.host);
    }
    assert.ok(reached >= points.length / 2, `${reached} of ${points.length} points were reached`);
  }

  it("is ended by the next one when the link breaks, at any message", async () => {
    await breakEach("cut", sampled("link cuts", everySoMany(fewest(), 6), 4));
  });

  it("is ended by the next one when the link freezes", async () => {
    await breakEach("freeze", sampled("link freezes", everySoMany(fewest(), 40), 1));
  });

  it("goes on by itself when its client is killed, and the next one has only the rest to do", async () => {
    on.cutter.cutAt(0);
    await on.core.up(declared, { change: impatient });
    // Of the second resource's apply, the last one that the cutter saw.
    const calls = on.cutter.watched().calls.length;
    await on.core.destroy(declared, { change: impatient });
    await blankDisks(on.host);
    const moments = sampled("kills", everySoMany(calls, 12), 3);
    for (const [index, moment] of moments.entries()) {
      for (const verb of ["up", "destroy"] as const) {
        const when = `${verb}, client killed when the apply had made ${moment} calls`;
        await killedClient(verb, moment, index % 2 === 0);
        const view = verb === "up" ? made : clean;
        await endsWith(view, () => on.core[verb](declared, { change: impatient }), when);
      }
      await blankDisks(on.host);
    }
  });

  /** A client that is killed once its apply has made so many calls; with all of its ssh, as a power cut at its place. */
  async function killedClient(verb: "up" | "destroy", moment: number, withSsh: boolean): Promise<void> {
    on.cutter.cutAt(0);
    const script = join(__dirname, "..", "support", "fault", "client.js");
    const client = spawn(process.execPath, [script, on.host.name, verb, JSON.stringify(declared)], { stdio: "ignore" });
    let ended = false;
    const end = new Promise<void>((resolve) => client.once("close", () => resolve())).then(() => {
      ended = true;
    });
    while (!ended && on.cutter.watched().calls.length < moment) await sleep(5);
    // The number of one that has ended may be another process's.
    if (!ended) kill(client.pid!);
    if (withSsh) for (const pid of sshClientsOf(on.host.address)) kill(pid);
    await end;
  }
});
