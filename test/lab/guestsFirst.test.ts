import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { compareUpper, recordUpper } from "../support/lab/upperRecord";
import { keepSome } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { cleanNovaHost } from "./support/cleanHost";
import { errorsOf, LabStack } from "./support/labStack";
import {
  expectDaemonsAsConfigured,
  expectPlacement,
  expectRamInPlacement,
  journalPlace,
  lineOf,
  novaConf,
  qemuConf,
  startsSince,
  traces,
} from "./support/novaState";
import { type Declared, programOf } from "./support/programs";

const [directory, otherDirectory] = ["/mnt/guest-memory", "/mnt/other-memory"];
const activation = { healthTimeoutSeconds: 60 };

describe("a host with guests", function () {
  this.timeout(240_000);
  let host: LabHost;
  let stack: LabStack;
  const servers: { id: string; instanceName: string }[] = [];
  /** Process and state of each guest, as they were when it was made. */
  const guests = new Map<string, string>();
  let memory: Record<string, unknown> = { capacity: "768 MiB", memoryBackingDir: directory, activation: "deferred" };

  before(async function () {
    this.timeout(20 * 60_000);
    host = await cleanNovaHost();
    await host.succeed(
      `mkfs.xfs -q -f ${host.disks[0]}; mount ${host.disks[0]} /mnt; mkdir ${directory} ${otherDirectory}`,
    );
    stack = await LabStack.create(host, { program: programOf({}) });
    await bootGuest("in-ram");
  });
  after(async () => {
    stack?.remove();
    for (const { id } of servers) if (await host.cloud.serverStatus(id)) await host.cloud.deleteServer(id);
    await host?.execute(`umount /mnt && blkdiscard -f ${host.disks[0]}`);
  });

  async function bootGuest(name: string): Promise<void> {
    const server = await host.cloud.bootServer({ name, ramMb: 64 });
    servers.push(server);
    guests.set(server.instanceName, await processOf(server.instanceName));
  }

  const processOf = async (name: string) =>
    (await host.succeed(`cat /run/libvirt/qemu/${name}.pid; virsh domstate ${name}`)).replace(/\s+/g, " ").trim();

  async function expectGuestsAsBefore(): Promise<void> {
    for (const [name, process] of guests) assert.equal(await processOf(name), process, name);
  }

  /** What is asked for is refused by preview and up, which change nothing, and done once the hazard is allowed by name. */
  async function guarded(what: string, hazard: string, says: RegExp, declared: Declared): Promise<void> {
    const prove = beginTrial("guests in the way", what, ["refused", "unchanged", "done when allowed", "guests kept"]);
    const before = recordUpper(host);
    stack.project.setProgram(programOf(declared));
    for (const failed of [await stack.failingPreview(), await stack.failingUp()]) {
      assert.match(errorsOf(failed), says);
      assert.match(errorsOf(failed), new RegExp(`allowHazards: \\["${hazard}"\\]`));
    }
    prove("refused");
    assert.deepEqual(compareUpper(before, recordUpper(host)), []);
    prove("unchanged");
    memory = { ...declared.memory, allowHazards: [hazard] };
    stack.project.setProgram(programOf({ ...declared, memory }));
    await stack.up();
    await expectDaemonsAsConfigured(host);
    prove("done when allowed");
    await expectGuestsAsBefore();
    prove("guests kept");
  }

  it("has file-backed memory switched on by consent alone, libvirtd restarted before nova-compute", async () => {
    const place = await journalPlace(host);
    await guarded("switching on", "guests-in-ram", /would no longer count/, { memory, activation });
    assert.deepEqual(await startsSince(host, place), ["libvirtd", "nova-compute"]);
    await expectPlacement(host, 768);
    await bootGuest("in-a-file");
    const files = await host.cloud.memoryFiles();
    assert.equal(files.length, 1);
    assert.ok(files[0]!.startsWith(`${directory}/libvirt/qemu/`), files[0]);
  });

  it("keeps its guests, in the same processes, while services are restarted under them", async () => {
    memory = { ...memory, capacity: "640 MiB", allowHazards: [] };
    stack.project.setProgram(programOf({ memory, activation }));
    const place = await journalPlace(host);
    await stack.up();
    assert.deepEqual(await startsSince(host, place), ["nova-compute"]);
    await expectPlacement(host, 640);
    await expectGuestsAsBefore();
    for (const { id } of servers) assert.equal(await host.cloud.serverStatus(id), "ACTIVE");
    assert.equal((await host.cloud.memoryFiles()).length, 1);
  });

  it("offers less than its guests have by consent alone", async () => {
    const less = { memory: { ...memory, capacity: "96 MiB", allowHazards: [] }, activation };
    await guarded("less than is used", "capacity-below-used", /is less than the 128 MiB that running guests/, less);
    await expectPlacement(host, 96);
  });

  it("has its memory moved by consent alone, the guests going on where they are", async () => {
    const moved = { memory: { ...memory, capacity: "640 MiB", memoryBackingDir: otherDirectory }, activation };
    await guarded("another directory", "guests-in-files", /memory in the present directory/, moved);
    assert.equal(await lineOf(host, qemuConf, "memory_backing_dir"), `memory_backing_dir = "${otherDirectory}"`);
    assert.equal((await host.cloud.memoryFiles()).length, 1);
  });

  it("has file-backed memory taken out of the program by consent alone", async () => {
    const claims = ["refused", "unchanged", "done when allowed", "guests kept"] as const;
    const prove = beginTrial("guests in the way", "switching off", claims);
    stack.project.setProgram(programOf({ memory: { ...memory, allowHazards: [] }, activation }));
    await stack.up();
    const former = [await host.readFile(novaConf), await host.readFile(qemuConf)];
    const failed = await stack.destroy({ mustSucceed: false });
    assert.notEqual(failed.code, 0);
    assert.match(errorsOf(failed), new RegExp(`: ${servers[1]!.instanceName}\\b`));
    assert.match(errorsOf(failed), /allowHazards: \["guests-in-files"\]/);
    prove("refused");
    assert.deepEqual([await host.readFile(novaConf), await host.readFile(qemuConf)], former);
    await expectPlacement(host, 640);
    prove("unchanged");

    stack.project.setProgram(programOf({ memory: { ...memory, allowHazards: ["guests-in-files"] }, activation }));
    await stack.up();
    await stack.destroy();
    assert.deepEqual(await traces(host), []);
    await expectDaemonsAsConfigured(host);
    await expectRamInPlacement(host);
    assert.equal(await lineOf(host, qemuConf, "memory_backing_dir"), "");
    prove("done when allowed");
    await expectGuestsAsBefore();
    prove("guests kept");
    // What comes of the file when the guest ends is libvirt's: it looks for it where the new configuration has it.
    for (const { id } of servers) await host.cloud.deleteServer(id);
  });

  keepSome(this, "guests first", 1, this.tests.slice(1, 3));
});
