import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { keepSome } from "../support/sampled";
import { cleanNovaHost } from "./support/cleanHost";
import { errorsOf, hostLines, LabStack } from "./support/labStack";
import {
  appliesSince,
  expectDaemonsAsConfigured,
  expectNovaUp,
  expectPlacement,
  journalPlace,
  startsSince,
  traces,
} from "./support/novaState";
import { clearTheWay, useDropIn } from "./support/obstacles";
import { kill, processesOf, sshClientsOf } from "./support/processes";
import { programOf } from "./support/programs";

const slowStart = "ExecStartPre=/bin/sleep 10";
/** The apply that runs now has written the files and waits for nova-compute's start, which takes some seconds. */
const inTheRestart =
  "unit=$(systemctl list-units --plain --no-legend 'hostmem-apply-*' | cut -d' ' -f1) && [ \"$unit\" ] && " +
  "unit=${unit%.service} && grep -q ' restarting nova-compute' /var/lib/hostmem/apply/${unit#hostmem-apply-}/log";
/** No apply runs any more. */
const isOver = "! systemctl list-units --plain --no-legend 'hostmem-apply-*' | grep . >/dev/null";

describe("an apply that is cut off from who started it", function () {
  this.timeout(240_000);
  let host: LabHost;
  let stack: LabStack;
  before(async function () {
    this.timeout(20 * 60_000);
    host = await cleanNovaHost();
    stack = await LabStack.create(host, { program: programOf({ memory: { capacity: "2 GiB" } }) });
  });
  after(() => stack?.remove());
  beforeEach(() => useDropIn(host, slowStart));
  afterEach(() => clearTheWay(host));

  it("goes on when the link dies, and up follows it to its end over another one", async () => {
    const place = await journalPlace(host);
    const running = stack.up();
    await host.waitUntilSucceeds(inTheRestart, 60);
    const clients = sshClientsOf(host.address);
    assert.notDeepEqual(clients, []);
    for (const pid of clients) kill(pid);
    const up = await running;
    assert.ok(
      hostLines(up).some((line) => line.startsWith("lost the link")),
      up.stdout,
    );
    assert.equal(await appliesSince(host, place), 1);
    assert.deepEqual(await startsSince(host, place), ["nova-compute"]);
    await expectPlacement(host, 2048);
    await stack.preview({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });
    await clearTheWay(host);
    await stack.destroy();
    assert.deepEqual(await traces(host), []);
  });

  it("goes on when Pulumi is killed, and the next up has nothing left to do on the host", async () => {
    await clearTheWay(host);
    await stack.up();
    await useDropIn(host, slowStart);
    stack.project.setProgram(programOf({ memory: { capacity: "3 GiB" } }));
    const running = stack.up({ mustSucceed: false });
    await host.waitUntilSucceeds(inTheRestart, 60);
    const pulumi = processesOf(stack.project.directory);
    assert.ok(pulumi.length >= 3, "the CLI, its language host and our provider");
    for (const pid of pulumi) kill(pid);
    assert.notEqual((await running).code, 0);

    await host.waitUntilSucceeds(isOver, 60);
    await expectPlacement(host, 3072);
    await expectDaemonsAsConfigured(host);
    await stack.project.command(["cancel", "--yes"]);
    const place = await journalPlace(host);
    await stack.up();
    assert.deepEqual(await startsSince(host, place), []);
    await stack.preview({ expectNoChanges: true });
    await clearTheWay(host);
    await stack.destroy();
    assert.deepEqual(await traces(host), []);
  });

  it("keeps others out: a second up fails with the holder's name, or waits and finds the work done", async () => {
    // Another pipeline of the same project and stack, with a state of its own: it may adopt what it finds.
    const declared = (lockTimeoutSeconds: number) => programOf({ memory: { capacity: "3 GiB", lockTimeoutSeconds } });
    const other = await LabStack.create(host, { program: declared(1) });
    stack.project.setProgram(programOf({ memory: { capacity: "3 GiB" } }));
    try {
      const running = stack.up();
      await host.waitUntilSucceeds(inTheRestart, 60);
      const failed = await other.failingUp();
      assert.match(errorsOf(failed), /another apply holds this host: hostmem-test\/test\/compute-1, pid \d+/);

      other.project.setProgram(declared(100));
      const place = await journalPlace(host);
      await other.up();
      assert.equal((await running).code, 0);
      assert.deepEqual(await startsSince(host, place), []);
      await expectPlacement(host, 3072);
      await expectNovaUp(host);
      await stack.preview({ expectNoChanges: true });
      await other.preview({ expectNoChanges: true });
      await clearTheWay(host);
      await stack.destroy();
      await other.destroy();
      assert.deepEqual(await traces(host), []);
    } finally {
      other.remove();
    }
  });

  it("is ended by the host when it does not end in its time, says at what, and the next up goes on", async () => {
    await useDropIn(host, "RuntimeMaxSec=6", "hostmem-apply-.service");
    const other = await LabStack.create(host, { program: programOf({ memory: { capacity: "3 GiB" } }) });
    try {
      const failed = await other.failingUp();
      const error = errorsOf(failed).replace(/\s+/g, " ");
      assert.match(error, /did not end in its time, and the host ended it, at: restart nova-compute\.service/);
      assert.match(error, /Run the same command again: it finishes or takes back what was begun/);
      assert.ok(await host.readFile("/var/lib/hostmem/pending.json"), "the restart that is outstanding is noted");
      assert.equal(await host.succeed("flock -n /run/hostmem.lock echo free"), "free\n");

      await clearTheWay(host);
      await other.up();
      await expectPlacement(host, 3072);
      await other.preview({ expectNoChanges: true });
      await other.destroy();
      assert.deepEqual(await traces(host), []);
    } finally {
      other.remove();
    }
  });

  keepSome(this, "applies that are cut off", 1);
});
