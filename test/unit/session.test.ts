import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { HostError } from "../../provider/core/errors";
import { noProbes } from "../../provider/core/facts/probes";
import { objectPath } from "../../provider/core/host/paths";
import { factsMaxAgeMs, HostSession, type RawFacts, type ReadResult } from "../../provider/core/session";
import type { Transport } from "../../provider/core/transport/types";
import { type FactFixture, fixtureNonce, readFixtures } from "../support/facts/fixture";

/** A whole answer of a recorded host, put together from its facts. */
const answer = (() => {
  const sections = new Map<string, string>();
  for (const fact of [
    "system",
    "units",
    "novaCompute",
    "hostFiles",
    "versions",
    "memory",
    "hugePages",
    "fileSystems",
    "tools",
  ]) {
    const recorded = readFixtures<FactFixture>("facts", fact).find(({ name }) => name === "debian 12 nova");
    for (const { name, lines } of recorded!.content.sections) sections.set(name, lines.join("\n"));
  }
  const empty = ["guest-digest", "guest-memory", "applies", "deployers", "puppet", "identity", "end"];
  const pmem = ["pmem-regions", "pmem-namespaces", "pmem-list", "pmem-users"];
  for (const name of [...empty, ...pmem]) sections.set(name, "\n");
  return (nonce: string) => [...sections].map(([name, text]) => `\n${nonce} ${name}\n${text}`).join("");
})();

/** A host that answers every facts script with what a real one once answered. */
class RecordedHost implements Transport {
  readonly host = "compute-1";
  scripts: string[] = [];
  failure: Error | undefined;
  /** How long it takes to answer. */
  readingMs = 0;
  /** What an apply reports. */
  report = "";

  async run(script: string, options?: Parameters<Transport["run"]>[1]) {
    this.scripts.push(script);
    if (this.readingMs > 0) mock.timers.tick(this.readingMs);
    if (this.failure) throw this.failure;
    const nonce = /([0-9a-f]{32}) %s/.exec(script)?.[1] ?? "";
    let output = answer(nonce);
    if (script.includes("systemd-run")) {
      const mark = /printf '\\n%s tail\\n' ([0-9a-f]{32})/.exec(script)?.[1] ?? "";
      const said = this.report.replaceAll("NONCE", mark);
      options?.onOutput?.(Buffer.from(said));
      output = `${said}\n${mark} tail\n${output}`;
    }
    return { exitCode: 0, stdout: Buffer.from(output, "latin1"), stderr: "" };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const ahead = (readAt: number, heardAt = readAt): RawFacts => ({
  nonce: fixtureNonce,
  output: answer(fixtureNonce),
  readAt,
  heardAt,
  probes: noProbes,
});
const nobody = async () => undefined;
const options = { holder: "test", lockTimeoutSeconds: 1, progress: () => {} };
const plan = {
  steps: [{ kind: "write-record" as const, path: objectPath("X"), before: undefined, content: "{}" }],
  warnings: [],
};

describe("what is known of a host", () => {
  beforeEach(() => mock.timers.enable({ apis: ["Date"], now: 1_000_000 }));
  afterEach(() => mock.timers.reset());

  it("is read once for all who ask at the same time, and again only when it is too old", async () => {
    const host = new RecordedHost();
    const session = new HostSession(host, nobody);
    const [one, other] = await Promise.all([session.facts(), session.facts()]);
    assert.equal(one, other);
    assert.equal(one.versions.nova, "26.2.2");
    mock.timers.tick(factsMaxAgeMs);
    await session.facts();
    assert.equal(host.scripts.length, 1);
    mock.timers.tick(1);
    await session.facts();
    assert.equal(host.scripts.length, 2);
  });

  it("comes from whoever read ahead, unless that is too old", async () => {
    const host = new RecordedHost();
    const young = new HostSession(host, async () => ahead(1_000_000 - factsMaxAgeMs));
    assert.equal((await young.facts()).system.hostname, "compute");
    assert.equal(host.scripts.length, 0);
    const old = new HostSession(host, async () => ahead(1_000_000 - factsMaxAgeMs - 1));
    await old.facts();
    assert.equal(host.scripts.length, 1);
  });

  it("ages from its arrival: what took long to read is not read again for that", async () => {
    const host = new RecordedHost();
    host.readingMs = factsMaxAgeMs + 1;
    const session = new HostSession(host, nobody);
    await session.facts();
    await session.facts();
    assert.equal(host.scripts.length, 1);
    const slow = new HostSession(host, async () => ahead(Date.now() - factsMaxAgeMs - 1, Date.now()));
    await slow.facts();
    assert.equal(host.scripts.length, 1);
  });

  it("is not used if its reading began before an apply, however late it arrived", async () => {
    const host = new RecordedHost();
    const session = new HostSession(host, async () => ahead(1_000_000, 1_000_010));
    mock.timers.tick(5);
    session.forget();
    mock.timers.tick(5);
    await session.facts();
    assert.equal(host.scripts.length, 1);
  });

  it("is that the host is away, if reading ahead just found that; the host is not asked again", async () => {
    const host = new RecordedHost();
    const failure = new HostError("unreachable", "compute-1", "cannot be reached");
    const answerAhead = (readAt: number) => async (): Promise<ReadResult> => ({ failure, readAt, heardAt: readAt });
    await assert.rejects(new HostSession(host, answerAhead(1_000_000)).facts(), /cannot be reached/);
    assert.equal(host.scripts.length, 0);
    await new HostSession(host, answerAhead(1_000_000 - factsMaxAgeMs - 1)).facts();
    assert.equal(host.scripts.length, 1);
  });

  it("is not remembered from a read that failed", async () => {
    const host = new RecordedHost();
    const session = new HostSession(host, nobody);
    host.failure = new HostError("unreachable", "compute-1", "cannot be reached");
    await assert.rejects(session.facts(), /cannot be reached/);
    host.failure = undefined;
    await session.facts();
    assert.equal(host.scripts.length, 2);
  });

  it("comes back with an apply, and nothing from before it is used again", async () => {
    const host = new RecordedHost();
    host.report = "NONCE begun\nNONCE finished applied\n";
    const session = new HostSession(host, async () => ahead(1_000_000));
    const before = await session.facts();
    mock.timers.tick(5);
    await session.apply(() => plan, options);
    const after = await session.facts();
    assert.notEqual(after, before);
    assert.equal(host.scripts.length, 1, "one round trip for apply and facts");
    assert.equal(session.hasApplied, true);
  });

  it("is forgotten when an apply fails, also what was read ahead", async () => {
    const host = new RecordedHost();
    const session = new HostSession(host, async () => ahead(1_000_000));
    await session.facts();
    mock.timers.tick(5);
    host.failure = new HostError("failed", "compute-1", "cut");
    await assert.rejects(
      session.apply(() => plan, options),
      /cut/,
    );
    host.failure = undefined;
    await session.facts();
    assert.equal(host.scripts.length, 2);
  });
});

describe("applies of one host", () => {
  it("that have nothing to do run nothing", async () => {
    const host = new RecordedHost();
    const session = new HostSession(host, nobody);
    const { report } = await session.apply(() => ({ steps: [], warnings: [] }), options);
    assert.equal(report, undefined);
    assert.equal(host.scripts.filter((script) => script.includes("systemd-run")).length, 0);
    assert.equal(session.hasApplied, false);
  });

  it("are planned again when the host moved, and given up in the end", async () => {
    const host = new RecordedHost();
    host.report = "NONCE moved /etc/nova/nova.conf\nNONCE finished moved\n";
    let plans = 0;
    const apply = new HostSession(host, nobody).apply(() => {
      plans++;
      return plan;
    }, options);
    await assert.rejects(apply, /\/etc\/nova\/nova\.conf changed while the plan was made/);
    assert.equal(plans, 10);
  });

  it("run one after the other, and one that fails does not stop the next", async () => {
    const host = new RecordedHost();
    host.report = "NONCE begun\nNONCE finished applied\n";
    const session = new HostSession(host, nobody);
    const order: string[] = [];
    const first = session.apply(() => {
      order.push("first");
      throw new Error("refused");
    }, options);
    const second = session.apply(() => {
      order.push("second");
      return plan;
    }, options);
    await assert.rejects(first, /refused/);
    assert.equal((await second).report?.status, "applied");
    assert.deepEqual(order, ["first", "second"]);
  });
});
