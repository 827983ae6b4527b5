import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { keepSome } from "../support/sampled";
import { cleanNovaHost } from "./support/cleanHost";
import { errorsOf, hostLines, LabStack, operationsOf } from "./support/labStack";
import {
  expectDaemonsAsConfigured,
  expectNovaUp,
  expectPlacement,
  expectRamInPlacement,
  journalPlace,
  lineOf,
  novaConf,
  startsSince,
  traces,
} from "./support/novaState";
import { clearTheWay, putInTheWay } from "./support/obstacles";
import { programOf } from "./support/programs";

const deferred = { capacity: "2 GiB", activation: "deferred" };
const activation = { healthTimeoutSeconds: 60 };

describe("a ServiceActivation beside a deferred FileBackedMemoryConfig", function () {
  this.timeout(240_000);
  let host: LabHost;
  let stack: LabStack;
  let pristine: string;
  /** What Nova offers by now. */
  let memoryMb = 0;
  before(async function () {
    this.timeout(20 * 60_000);
    host = await cleanNovaHost();
    pristine = await host.readFile(novaConf);
    stack = await LabStack.create(host, { program: programOf({ memory: deferred, activation }) });
  });
  after(() => stack?.remove());
  afterEach(() => clearTheWay(host));

  /** How many times an update restarted what. */
  async function restartsOf(update: () => Promise<unknown>): Promise<string[]> {
    const place = await journalPlace(host);
    await update();
    return startsSince(host, place);
  }

  it("up of the config alone leaves a restart open, which a plain preview shows for both, and the next up does it once", async () => {
    assert.deepEqual(await restartsOf(() => stack.up({ target: [urnOf("FileBackedMemoryConfig")] })), []);
    assert.equal(await lineOf(host, novaConf, "file_backed_memory"), "file_backed_memory = 2048");
    await expectRamInPlacement(host);

    const preview = await stack.preview();
    assert.deepEqual(operationsOf(preview), { FileBackedMemoryConfig: "update", ServiceActivation: "create" });
    assert.ok(hostLines(preview).includes("restart nova-compute"), hostLines(preview).join("\n"));
    await assert.rejects(stack.preview({ expectNoChanges: true }), /no changes were expected/);

    assert.deepEqual(await restartsOf(() => stack.up()), ["nova-compute"]);
    memoryMb = 2048;
    await expectPlacement(host, memoryMb);
    await expectDaemonsAsConfigured(host);
    await stack.preview({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });
  });

  it("a change by up --target is drift of both resources in a plain preview, too", async () => {
    stack.project.setProgram(programOf({ memory: { ...deferred, capacity: "3 GiB" }, activation }));
    assert.deepEqual(await restartsOf(() => stack.up({ target: [urnOf("FileBackedMemoryConfig")] })), []);
    const preview = await stack.preview();
    assert.deepEqual(operationsOf(preview), { FileBackedMemoryConfig: "update", ServiceActivation: "update" });
    assert.deepEqual(await restartsOf(() => stack.up()), ["nova-compute"]);
    memoryMb = 3072;
    await expectPlacement(host, memoryMb);
    await stack.preview({ expectNoChanges: true });
  });

  it("a failed up and a program put back: Nova runs what the files say, and the state says what is true", async () => {
    const declare = (mb: number) =>
      stack.project.setProgram(programOf({ memory: { ...deferred, capacity: `${mb} MiB` }, activation }));
    const wanted = memoryMb === 2048 ? 3072 : 2048;
    declare(wanted);
    const onlyNow = `if "\\nfile_backed_memory = ${wanted}" in open("${novaConf}").read():`;
    await putInTheWay(host, `${onlyNow}\n    os.environ['OS_DEFAULT__RESERVED_HOST_MEMORY_MB'] = '${wanted}'`);
    const failed = await stack.failingUp();
    assert.match(errorsOf(failed), /must be greater than reserved memory/);
    assert.equal(await lineOf(host, novaConf, "file_backed_memory"), `file_backed_memory = ${memoryMb}`);
    await expectNovaUp(host);
    await clearTheWay(host);

    declare(memoryMb);
    const restarts = await restartsOf(() => stack.up());
    assert.ok(restarts.length <= 1, restarts.join(", "));
    await stateIsTrue();
    await stack.preview({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });
  });

  it("removing the config alone: after that up Nova runs with the host's RAM, restarted once", async () => {
    stack.project.setProgram(programOf({ activation }));
    assert.deepEqual(await restartsOf(() => stack.up()), ["nova-compute"]);
    await expectRamInPlacement(host);
    await expectDaemonsAsConfigured(host);
    assert.equal(await host.readFile(novaConf), pristine);
    assert.deepEqual(await traces(host), []);
    await stack.preview({ expectNoChanges: true });
    await stack.destroy();
    assert.deepEqual(await traces(host), []);
  });

  it("a failed first up and a program without it: nothing of it is left on the host or in the state", async () => {
    stack.project.setProgram(programOf({ memory: deferred, activation }));
    await putInTheWay(host, "os.environ['OS_DEFAULT__RAM_ALLOCATION_RATIO'] = '1.5'");
    const failed = await stack.failingUp();
    assert.match(errorsOf(failed), /requires ram_allocation_ratio configured to 1\.0/);
    assert.equal(await host.readFile(novaConf), pristine);
    await expectNovaUp(host);
    await clearTheWay(host);

    stack.project.setProgram(programOf({ activation }));
    await stack.up();
    await expectDaemonsAsConfigured(host);
    assert.equal(await host.readFile(novaConf), pristine);
    assert.equal(await stack.outputsOf("FileBackedMemoryConfig"), undefined);
    assert.deepEqual(await traces(host), []);
    await stack.destroy();
  });

  /** What the state records of the config is what the files, the daemons and placement have. */
  async function stateIsTrue(): Promise<void> {
    await expectDaemonsAsConfigured(host);
    await expectPlacement(host, memoryMb);
    assert.equal(await lineOf(host, novaConf, "file_backed_memory"), `file_backed_memory = ${memoryMb}`);
    const state = await stack.outputsOf("FileBackedMemoryConfig");
    assert.equal(state?.["memoryMb"], memoryMb);
    assert.equal(state?.["ramAllocationRatio"], 1);
    assert.deepEqual((await stack.outputsOf("ServiceActivation"))?.["pending"], []);
  }

  function urnOf(kind: string): string {
    const { stack: name, name: project } = stack.project;
    return `urn:pulumi:${name}::${project}::pulumi-nodejs:dynamic/hostmem:${kind}::compute-1`;
  }

  const [, targeted, failed, , failedFirst] = this.tests;
  keepSome(this, "what becomes of a restart", 1, [targeted!, failed!, failedFirst!]);
});
