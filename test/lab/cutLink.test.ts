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
import { isFullRun, keepSome, sampled } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { kill, sshClientsOf } from "./support/processes";
import { blankDisks } from "./support/storeState";

/** Two resources with restarts, and one without, whose messages are few enough to break the link at each. */
const declared: DeclaredHost = {
  BackingStore: { device: disk, mountPoint },
  FileBackedMemoryConfig: { capacity: "512 MiB", memoryBackingDir: mountPoint, healthTimeoutSeconds: 30 },
};
const small: DeclaredHost = { BackingStore: { fileSystem: "tmpfs", size: "16 MiB", mountPoint } };

const isOver = "! systemctl list-units --plain --no-legend 'hostmem-apply-*' | grep . >/dev/null";
const everySoMany = (count: number, step: number) =>
  Array.from({ length: Math.floor(count / step) }, (_, index) => 1 + index * step);
const outcome = (work: Promise<void>) =>
  work.then(
    () => "done",
    (error: Error) => error.message,
  );

/** A host behind a link that can be broken, with what it looks like before and after what is declared. */
class LinkedHost {
  private views: { clean: OutsideView; made: OutsideView } | undefined;

  private constructor(
    readonly on: CutHost,
    private readonly proxy: LinkProxy,
    private readonly record: HostRecord,
  ) {}

  static async start(): Promise<LinkedHost> {
    const on = await startCutHost("links");
    await blankDisks(on.host);
    return new LinkedHost(on, await LinkProxy.to(on.host.address), await recordHost(on.host));
  }

  async end(): Promise<void> {
    this.proxy.close();
    await this.on.host.destroy();
  }

  private get through(): CoreHost {
    return new CoreHost(this.on.host, { host: "127.0.0.1", port: this.proxy.port, dialErrorLimit: 5 });
  }

  /** Declares something and takes it back, the link whole: how many messages pass, less what differs from time to time. */
  async learn(what: DeclaredHost): Promise<number> {
    const { host, cutter } = this.on;
    cutter.cutAt(0);
    const clean = viewHost(host);
    this.proxy.breakAt(0);
    await this.through.up(what, { change: impatient });
    const up = this.proxy.messages;
    this.views = { clean, made: viewHost(host) };
    this.proxy.breakAt(0);
    await this.through.destroy(what, { change: impatient });
    assert.deepEqual(differences(clean, viewHost(host)), []);
    await blankDisks(host);
    return Math.floor(Math.min(up, this.proxy.messages) * 0.9);
  }

  /** Breaks the link at a message of an up, and then of a destroy; false if either took fewer messages this time. */
  async breakAt(what: DeclaredHost, kind: LinkFault, point: number, when: string): Promise<boolean> {
    const reached: boolean[] = [];
    for (const verb of ["up", "destroy"] as const) {
      const change = () => this.through[verb](what, { change: impatient });
      this.proxy.breakAt(point, kind);
      const said = await outcome(change());
      if (said === "done") assert.deepEqual(differences(this.viewAfter(verb), viewHost(this.on.host)), [], when);
      else assert.match(said, /unreachable|lost|closed|connect|link|answer|timed? ?out/i, when);
      reached.push(!this.proxy.isWhole);
      if (!this.proxy.isWhole) await this.endsWith(verb, change, `${verb}, ${when}`, said);
    }
    await blankDisks(this.on.host);
    return reached.every(Boolean);
  }

  /** What a next command finds and ends, whatever became of the one before, which was cut off. */
  async endsWith(verb: "up" | "destroy", work: () => Promise<void>, when: string, said = ""): Promise<void> {
    const prove = beginTrial("clients cut off", when, ["converged"]);
    await this.on.host.waitUntilSucceeds(isOver, 60);
    await work();
    assert.deepEqual(differences(this.viewAfter(verb), viewHost(this.on.host)), [], `${when}: ${said}`);
    assert.deepEqual(leftovers(this.on.host), [], `${when}: ${said}`);
    prove("converged");
  }

  async isAsBefore(): Promise<void> {
    await blankDisks(this.on.host);
    // It ends by itself when it has been idle for two minutes, which may be at this very moment.
    await this.on.host.succeed("systemctl restart libvirtd");
    const different = compareRecords(this.record, await recordHost(this.on.host));
    assert.deepEqual(
      different.filter((line) => !line.startsWith("kernel ")),
      [],
    );
  }

  private viewAfter(verb: "up" | "destroy"): OutsideView {
    const { made, clean } = this.views!;
    return verb === "up" ? made : clean;
  }
}

describe("an apply whose client is cut off", function () {
  this.timeout((isFullRun ? 25 : 6) * 60_000);
  let hosts: LinkedHost[] = [];
  let on: CutHost;

  before(async function () {
    this.timeout(20 * 60_000);
    hosts.push(await LinkedHost.start());
    // In a full run most of the time goes into waiting for links to come back.
    if (isFullRun) hosts.push(...(await Promise.all([1, 2, 3].map(() => LinkedHost.start()))));
    on = hosts[0]!.on;
  });
  after(async () => {
    await Promise.all(hosts.map((host) => host.end()));
    hosts = [];
  });
  afterEach(() => Promise.all(hosts.map((host) => host.isAsBefore())));

  /** Breaks links at these messages, given how many there are, and expects most of them to be reached. */
  async function breakEach(
    what: DeclaredHost,
    resources: string,
    kind: LinkFault,
    pointsOf: (messages: number) => number[],
  ): Promise<void> {
    const messages = Math.min(...(await Promise.all(hosts.map((host) => host.learn(what)))));
    const points = pointsOf(messages);
    const waiting = [...points];
    let reached = 0;
    const ends = await Promise.allSettled(
      hosts.map(async (host) => {
        for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
          if (await host.breakAt(what, kind, point, `${resources}, ${kind} at message ${point}`)) reached++;
        }
      }),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    assert.ok(reached >= points.length / 2, `${reached} of ${points.length} points were reached`);
  }

  it("is ended by the next one when the link breaks, at any message", async () => {
    await breakEach(small, "a store in RAM", "cut", (messages) => sampled("link cuts", everySoMany(messages, 1), 2));
  });

  it("is ended by the next one when the link breaks while services are restarted", async () => {
    await breakEach(declared, "a store and memory", "cut", (messages) =>
      sampled("link cuts of two resources", everySoMany(messages, 12), 2),
    );
  });

  it("is ended by the next one when the link freezes", async () => {
    await breakEach(declared, "a store and memory", "freeze", (messages) =>
      sampled("link freezes", everySoMany(messages, 40), 1),
    );
  });

  it("goes on by itself when its client is killed, and the next one has only the rest to do", async () => {
    const [linked] = hosts as [LinkedHost];
    await linked.learn(declared);
    on.cutter.cutAt(0);
    await on.core.up(declared, { change: impatient });
    // Of the second resource's apply, the last one that the cutter saw.
    const calls = on.cutter.watched().calls.length;
    await on.core.destroy(declared, { change: impatient });
    await blankDisks(on.host);
    const moments = sampled("kills", everySoMany(calls, 12), 1);
    let killed = 0;
    for (const [index, moment] of moments.entries()) {
      for (const verb of ["up", "destroy"] as const) {
        const when = `${verb}, client killed when the apply had made ${moment} calls`;
        // It may have ended before that.
        if (!(await killedClient(verb, moment, index % 2 === 0))) continue;
        killed++;
        await linked.endsWith(verb, () => on.core[verb](declared, { change: impatient }), when);
      }
      await blankDisks(on.host);
    }
    assert.ok(killed >= moments.length, `${killed} clients were killed`);
  });

  /**
   * A client that is killed once its apply has made so many calls; with all of its ssh, as a power cut at its place.
   * @returns whether it was there to be killed.
   */
  async function killedClient(verb: "up" | "destroy", moment: number, withSsh: boolean): Promise<boolean> {
    on.cutter.cutAt(0);
    const script = join(__dirname, "..", "support", "fault", "client.js");
    const client = spawn(process.execPath, [script, on.host.name, verb, JSON.stringify(declared)], { stdio: "ignore" });
    let ended = false;
    const end = new Promise<NodeJS.Signals | null>((resolve) =>
      client.once("close", (_, signal) => resolve(signal)),
    ).finally(() => {
      ended = true;
    });
    while (!ended && on.cutter.watched().calls.length < moment) await sleep(5);
    // The number of one that has ended may be another process's.
    if (!ended) kill(client.pid!);
    if (!ended && withSsh) for (const pid of sshClientsOf(on.host.address)) kill(pid);
    return (await end) === "SIGKILL";
  }

  keepSome(this, "ways to cut a client off", 1);
});
