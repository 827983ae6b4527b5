import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bootLimitSeconds, factsOnceBooted } from "../../provider/core/boot";
import { HostError } from "../../provider/core/errors";
import type { HostFacts } from "../../provider/core/facts/hostFacts";
import type { HostSession } from "../../provider/core/session";

/** A host that answers after so many tries, or never; facts are read anew only once the former ones are forgotten. */
function bootingHost(tries: number, kind: HostError["kind"] = "unreachable", trySeconds = 0) {
  let known: HostError | undefined;
  let asked = 0;
  const session = {
    facts: async () => {
      asked += known ? 0 : 1;
      if (trySeconds > 0) await sleep(trySeconds * 1000);
      if (asked > tries) return { host: "compute-1" } as HostFacts;
      known ??= new HostError(kind, "compute-1", "connection refused", { advice: "Check the port." });
      throw known;
    },
    forget: () => {
      known = undefined;
    },
  };
  return { session: session as unknown as HostSession, asked: () => asked };
}

/** Lets all that waits go on, until it has ended. */
async function untilOver<T>(running: Promise<T>): Promise<T> {
  let isOver = false;
  const over = running.finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(1000);
  }
  return over;
}

describe("a host that was made in this run", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
  afterEach(() => mock.timers.reset());

  it("is waited for while it boots, and that is said once a minute", async () => {
    const said: string[] = [];
    const host = bootingHost(20);
    await untilOver(factsOnceBooted(host.session, (message) => said.push(message)));
    assert.equal(host.asked(), 21);
    assert.deepEqual(said, [
      "waits until it has booted, 15 minutes at most: connection refused",
      "waits until it has booted, 14 minutes at most: connection refused",
    ]);
  });

  it("is waited for no longer where each try takes a minute", async () => {
    const said: string[] = [];
    const host = bootingHost(1000, "unreachable", 60);
    await assert.rejects(
      untilOver(factsOnceBooted(host.session, (message) => said.push(message))),
      /has not booted within 15 minutes/,
    );
    assert.equal(host.asked(), 14);
    assert.equal(said[1], "waits until it has booted, 13 minutes at most: connection refused");
  });

  it("is not waited for if it answers at once", async () => {
    const said: string[] = [];
    await untilOver(factsOnceBooted(bootingHost(0).session, (message) => said.push(message)));
    assert.deepEqual(said, []);
  });

  it("is given up on in the end", async () => {
    const running = untilOver(factsOnceBooted(bootingHost(Number.POSITIVE_INFINITY).session, () => {}));
    const minutes = bootLimitSeconds / 60;
    const message = `[compute-1] has not booted within ${minutes} minutes: connection refused\n  Check the port.`;
    await assert.rejects(running, { kind: "unreachable", message });
  });

  it("is not waited for if it refuses us", async () => {
    const host = bootingHost(5, "authentication");
    await assert.rejects(untilOver(factsOnceBooted(host.session, () => {})), { kind: "authentication" });
    assert.equal(host.asked(), 1);
  });
});
