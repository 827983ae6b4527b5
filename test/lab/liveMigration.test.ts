import { strict as assert } from "node:assert";
import { Inputs } from "../../provider/core/inputs/problem";
import { type GuestPassage, preflightOf } from "../../provider/core/migration/preflight";
import { readHostAccess, readRunning } from "../../provider/readAhead/running";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { connect } from "../support/lab/wire";
import { beginTrial } from "../support/trials";
import { type Backing, backingIn, MigratingGuest } from "./support/migratingGuest";
import { novaConf } from "./support/novaState";

/** The directory that libvirt has guests' memory in by itself. */
const ramFolder = "/var/lib/libvirt/qemu/ram";
const backed = ["access", "allocation", "discard", "source"];

/** Each host has a name of its own, and takes migrations from the other one: libvirt refuses one to "the same host". */
async function letMigrate(host: LabHost, name: string, address: string, number: number): Promise<void> {
  await host.succeed(`
    hostname ${name}
    echo ${name} > /etc/hostname
    echo '127.0.1.1 ${name}' >> /etc/hosts
    printf 'auth_tcp = "none"\\nhost_uuid = "7e0c3a50-5c1b-4d5e-a4b0-0000000000${10 + number}"\\n' >> /etc/libvirt/libvirtd.conf
    mkdir -p /etc/systemd/system/libvirtd-tcp.socket.d
    printf '[Socket]\\nListenStream=\\nListenStream=${address}:16509\\nFreeBind=yes\\n' \\
      > /etc/systemd/system/libvirtd-tcp.socket.d/lab.conf
    systemctl daemon-reload
    systemctl stop libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
    systemctl start libvirtd-tcp.socket libvirtd.service virtlogd.service`);
  await host.waitForOpenPort(16509);
  await host.waitUntilSucceeds("virsh -q list", 60);
}

/** What Nova is told by [libvirt] file_backed_memory; nova-compute itself does not run on these hosts. */
async function setFiles(host: LabHost, memoryMb: number): Promise<void> {
  await host.succeed(`
    sed -i '/^file_backed_memory/d' ${novaConf}
    sed -i 's/^\\[libvirt\\]$/&\\nfile_backed_memory = ${memoryMb}/' ${novaConf}
    grep -q '^file_backed_memory = ${memoryMb}$' ${novaConf}`);
}

describe("a live migration by libvirt, as Nova has it done", function () {
  this.timeout(15 * 60_000); // Emulated guests, on a machine that may do other things as well.
  const guest = new MigratingGuest();
  let hosts: [LabHost, LabHost];
  let addresses: readonly [string, string];

  before(async () => {
    const start = () => startLabHost({ kind: "nova", services: "none", name: "migration" });
    hosts = [await start(), await start()];
    addresses = await connect(...hosts);
    for (const [index, name] of ["one", "other"].entries())
      await letMigrate(hosts[index]!, name, addresses[index]!, index);
    await setFiles(hosts[0], 1024);
    await guest.prepare(hosts);
    await guest.start(hosts[0], "files");
  });
  after(async () => {
    for (const host of hosts ?? []) await host.destroy();
  });

  /** What a pre-flight says of the guest, by the facts of both hosts. */
  async function foreseen(from: LabHost, to: LabHost): Promise<Omit<GuestPassage, "hosts">> {
    const [here, there] = await Promise.all([from, to].map(async (host) => readRunning(accessOf(host))));
    const { guests } = preflightOf(here!, [there!.profile]);
    const [mine] = guests.filter((each) => each.guest === guest.name);
    assert.deepEqual(mine?.nova, { id: guest.id, name: "traveller" });
    assert.equal(mine.to.length, 1);
    const { hosts: _hosts, ...told } = mine.to[0]!;
    return told;
  }

  const filesOn = (host: LabHost) => host.succeed(`find ${ramFolder} -type f 2> /dev/null || :`);

  /** The host has the guest's memory in a file that QEMU shares, or has none and no file of any guest. */
  async function expectMemory(host: LabHost, where: Backing): Promise<void> {
    const files = await filesOn(host);
    const mapped = await guest.mappedFiles(host);
    const backing = await guest.backing(host);
    if (where === "files") {
      assert.match(files, new RegExp(`^${ramFolder}/\\d+-${guest.name}/pc\\.ram\\n$`));
      assert.deepEqual(mapped, [`rw-s ${files.trim()}`]);
      assert.deepEqual(backing, { now: backed, next: backed });
    } else {
      assert.equal(files, "");
      assert.deepEqual(mapped, []);
      assert.deepEqual(backing, { now: [], next: [] });
    }
  }

  /** It is the guest that was started first, and its program runs. */
  async function expectAlive(host: LabHost): Promise<void> {
    assert.equal(await guest.state(host), "running");
    const before = await guest.memory(host);
    assert.equal(before.isOurs, true, "its memory came along");
    for (let tries = 0; (await guest.memory(host)).count === before.count; tries++) assert.ok(tries < 30, "it goes on");
  }

  /** Nothing of the guest is on the host. */
  async function expectNothing(host: LabHost): Promise<void> {
    assert.equal(await guest.state(host), "not there");
    assert.equal(await filesOn(host), "");
  }

  /** From one host to the other, whose nova.conf has the same of guests' memory; everything is looked at on both. */
  async function expectMigration(from: 0 | 1, where: Backing): Promise<void> {
    const prove = beginTrial("live migrations made", `from ${where} to ${where}`, ["foreseen", "made", "as foreseen"]);
    const [source, destination] = [hosts[from], hosts[1 - from]!];
    await setFiles(destination, where === "files" ? 1024 : 0);
    await expectMemory(source, where);
    await expectAlive(source);
    assert.deepEqual(await foreseen(source, destination), { outcome: "works", reason: "" });
    prove("foreseen");

    const there = await guest.migrate(source, addresses[1 - from]!, where);
    assert.deepEqual(backingIn(there), where === "files" ? backed : []);
    await expectNothing(source);
    prove("made");

    await expectMemory(destination, where);
    await expectAlive(destination);
    prove("as foreseen");
  }

  /** Between hosts of which only one has file-backed memory: Nova's XML asks for what libvirt refuses. */
  async function expectRefusal(from: 0 | 1, is: Backing): Promise<void> {
    const wants = is === "files" ? "ram" : "files";
    const prove = beginTrial("live migrations made", `from ${is} to ${wants}`, ["foreseen", "refused", "as before"]);
    const [source, destination] = [hosts[from], hosts[1 - from]!];
    await setFiles(destination, wants === "files" ? 1024 : 0);
    await expectMemory(source, is);
    const { outcome, reason } = await foreseen(source, destination);
    assert.equal(outcome, "breaks");
    const [sentence] = /Target memoryBacking source '\w+' doesn't match source memoryBacking source/.exec(reason) ?? [];
    assert.ok(sentence, reason);
    prove("foreseen");

    const { there, said } = await guest.failToMigrate(source, addresses[1 - from]!, wants);
    assert.deepEqual(backingIn(there), wants === "files" ? backed : []);
    assert.ok(said.includes(sentence), said);
    prove("refused");

    await expectMemory(source, is);
    await expectAlive(source);
    await expectNothing(destination);
    prove("as before");
  }

  it("takes a guest from a host with file-backed memory to another one", () => expectMigration(0, "files"));

  it("does not take it to a plain host, since Nova asks for other memory there", () => expectRefusal(1, "files"));

  it("takes it to a plain host, in files as before, if its memory is not written anew", async () => {
    await guest.migrate(hosts[1], addresses[0], undefined);
    await expectNothing(hosts[1]);
    await expectMemory(hosts[0], "files");
    await expectAlive(hosts[0]);
  });

  it("does not take a guest in RAM to a host with file-backed memory", async () => {
    await guest.end(hosts[0]);
    await setFiles(hosts[0], 0);
    await guest.start(hosts[0], "ram");
    await expectRefusal(0, "ram");
  });

  it("takes that one to a plain host", () => expectMigration(0, "ram"));
});

function accessOf({ connection }: LabHost) {
  const { host, port, user, privateKeyFile, hostKey } = connection;
  const access = readHostAccess(new Inputs({ connection: { host, port, user, privateKeyFile, hostKey } }, "", []));
  assert.ok(access);
  return access;
}
