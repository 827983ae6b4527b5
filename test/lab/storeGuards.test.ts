import { strict as assert } from "node:assert";
import { compareRecords, type HostRecord, recordHost } from "../support/lab/hostRecord";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { keepSome } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { bootWithout } from "./support/bootWithout";
import { errorsOf, hostLines, hostWarnings, LabStack } from "./support/labStack";
import { traces } from "./support/novaState";
import { programOf } from "./support/programs";
import { hashOf, mountAt } from "./support/storeState";

const mountPoint = "/var/lib/libvirt/qemu/ram";
const guardFile = "/etc/systemd/system/libvirtd.service.d/hostmem-store.conf";

/** A guest whose memory is a file, as Nova makes one, without a cloud around it. */
const guest = (name: string) => `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory>
  <memoryBacking><source type='file'/><access mode='shared'/><allocation mode='immediate'/></memoryBacking>
  <os><type>hvm</type></os></domain>`;

describe("BackingStore below libvirt", function () {
  this.timeout(300_000);
  let host: LabHost;
  let record: HostRecord;
  let stack: LabStack;
  let device: string;

  const declare = (args?: Record<string, unknown>) =>
    stack.project.setProgram(programOf(args ? { store: { device, ...args } } : {}));
  const startGuest = (name: string) =>
    host.succeed("cat > /run/guest.xml; virsh -q create /run/guest.xml; rm /run/guest.xml", { input: guest(name) });
  const memoryFiles = async () => (await host.succeed(`find ${mountPoint} -type f | sort`)).split("\n").filter(Boolean);
  const fileOf = async (name: string) =>
    `${mountPoint}/${(await host.succeed(`virsh -q domid ${name}`)).trim()}-${name}/pc.ram`;
  const libvirtState = async () => (await host.succeed("systemctl is-active libvirtd || :")).trim();

  before(async function () {
    this.timeout(20 * 60_000);
    host = await startLabHost({ kind: "nova", services: "none", name: "guards" });
    device = host.disksById[0]!;
    // What libvirt makes for its first guest is not what a test is about.
    await startGuest("first");
    await host.succeed("virsh -q destroy first");
    record = await recordHost(host);
    stack = await LabStack.create(host, { program: programOf({ store: { device } }) });
    await stack.up();
  });
  after(async () => {
    stack?.remove();
    await host?.destroy();
  });

  it("mounts where libvirt puts memory, with the access that libvirt gave its directory", async () => {
    const folder = record.entries[`file ${mountPoint}`] ?? "";
    const mounted = await mountAt(host, mountPoint);
    assert.equal(mounted?.fstype, "xfs");
    const [, mode, owner] = /folder (\d+) (\d+:\d+)/.exec(folder) ?? [];
    assert.equal((await host.succeed(`stat -c '0%a %u:%g' ${mountPoint}`)).trim(), `${mode} ${owner}`, folder);
    await startGuest("one");
    const files = await memoryFiles();
    assert.equal(files.length, 1, files.join(" "));
    const size = (await host.succeed(`stat -c '%s %b %B' ${files[0]}`)).trim().split(" ").map(Number);
    assert.equal(size[0], 64 * 1024 ** 2);
    assert.equal(await libvirtState(), "active", "libvirt was not restarted for it");
    await stack.preview({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });
  });

  it("is not taken away from a guest that runs in it, nor changed at all", async () => {
    const prove = beginTrial("guests in the way", "unmounting", ["refused", "unchanged", "guests kept"]);
    const process = await host.readFile("/run/libvirt/qemu/one.pid");
    const before = await recordHost(host);
    declare();
    const failed = await stack.failingUp();
    assert.match(
      errorsOf(failed).replace(/\s+/g, " "),
      /guests have their memory in \/var\/lib\/libvirt\/qemu\/ram: one. Move or stop them first/,
    );
    prove("refused");
    assert.deepEqual(compareRecords(before, await recordHost(host)), []);
    prove("unchanged");
    assert.equal((await host.succeed("virsh -q domstate one")).trim(), "running");
    assert.equal(await host.readFile("/run/libvirt/qemu/one.pid"), process);
    prove("guests kept");
    await host.succeed("virsh -q destroy one");
    declare({});
  });

  it("is not taken away from anybody else who uses it, and nothing else is taken back before", async () => {
    await host.succeed(`touch ${mountPoint}/busy; tail -f ${mountPoint}/busy > /dev/null 2>&1 & echo $! > /run/holder`);
    const before = await recordHost(host);
    declare();
    assert.match(errorsOf(await stack.failingUp()).replace(/\s+/g, " "), /umount: \S+: target is busy/);
    assert.deepEqual(compareRecords(before, await recordHost(host)), []);
    await host.succeed(`kill $(cat /run/holder); rm /run/holder ${mountPoint}/busy`);
    declare({});
    await stack.preview({ expectNoChanges: true });
  });

  it("is mounted before libvirt starts at every boot", async () => {
    await host.reboot();
    await host.waitForUnit("libvirtd", 60);
    const at = async (unit: string) =>
      Number((await host.succeed(`systemctl show -p ActiveEnterTimestampMonotonic --value ${unit}`)).trim());
    const unit = (await host.succeed(`systemd-escape --path --suffix=mount ${mountPoint}`)).trim();
    const [mounted, started] = [await at(unit), await at("libvirtd.service")];
    assert.ok(mounted > 0 && started > 0 && mounted < started, `${mounted} ${started}`);
    await stack.preview({ expectNoChanges: true });
  });

  it("leaves files of guests that a power loss ended to be seen, and removes them on request, and no other", async () => {
    await startGuest("one");
    await startGuest("two");
    await host.succeed("sync");
    await host.crash();
    await host.start();
    await host.waitForUnit("libvirtd", 60);
    const left = await memoryFiles();
    assert.equal(left.length, 2, left.join(" "));
    await startGuest("three");
    await startGuest("two");
    const running = await Promise.all(["two", "three"].map(fileOf));
    // A guest may get the number that another one had, and then its directory and file.
    const orphans = left.filter((file) => !running.includes(file));
    assert.notDeepEqual(orphans, []);
    await host.succeed(`mkdir ${mountPoint}/9-notes && touch ${mountPoint}/9-notes/text ${mountPoint}/mine`);

    const preview = await stack.preview();
    assert.deepEqual(hostLines(preview), []);
    assert.equal(hostWarnings(preview).length, 1);
    for (const file of orphans) assert.ok(hostWarnings(preview)[0]?.includes(file), file);
    await stack.refresh();
    assert.deepEqual((await stack.outputsOf("BackingStore"))?.["orphans"], orphans);

    declare({ removeOrphans: true });
    assert.deepEqual(
      hostLines(await stack.preview()),
      orphans.map((file) => `remove ${file}, which no guest uses`),
    );
    await stack.up();
    const kept = [...running, `${mountPoint}/9-notes/text`, `${mountPoint}/mine`].sort();
    assert.deepEqual(await memoryFiles(), kept);
    assert.match(await host.succeed("virsh -q list --name"), /three\s+two|two\s+three/);
    await stack.preview({ expectNoChanges: true });
    await host.succeed(`virsh -q destroy two; virsh -q destroy three; rm -r ${mountPoint}/9-notes ${mountPoint}/mine`);
  });

  it("never removes a file that a process has mapped, whatever libvirt's files say", async () => {
    const file = `${mountPoint}/77-gone/pc.ram`;
    declare({ removeOrphans: true });
    await host.succeed(`mkdir ${mountPoint}/77-gone && truncate -s 1M ${file}`);
    const hold = `import mmap,time; f = open("${file}", "r+b"); m = mmap.mmap(f.fileno(), 0); f.close(); time.sleep(600)`;
    await host.succeed(`python3 -c '${hold}' > /dev/null 2>&1 & echo $! > /run/holder; sleep 1`);
    const failed = await stack.failingUp();
    assert.match(errorsOf(failed), /77-gone\/pc.ram is in use/);
    await host.succeed(`test -e ${file}; kill $(cat /run/holder); rm /run/holder`);
    await stack.up();
    await host.succeed(`test ! -e ${mountPoint}/77-gone`);
    await stack.preview({ expectNoChanges: true });
  });

  it("puts its guard back where somebody took it away", async () => {
    const content = await host.readFile(guardFile);
    await host.succeed(`rm ${guardFile}; systemctl daemon-reload`);
    assert.deepEqual(hostLines(await stack.preview()), [`let libvirtd start only with ${mountPoint} mounted`]);
    await stack.up();
    assert.equal(await host.readFile(guardFile), content);
    assert.match(await host.succeed("systemctl show -p After --value libvirtd"), /var-lib-libvirt-qemu-ram\.mount/);
  });

  it("lets a host boot without its disk, and libvirt not start there", async () => {
    await bootWithout(host, 0);
    assert.equal(await mountAt(host, mountPoint), undefined);
    const failing = await host.execute("timeout 20 virsh -q list");
    assert.notEqual(failing.exitCode, 0);
    assert.notEqual(await libvirtState(), "active");
    const journal = await host.succeed("journalctl -q -b -u libvirtd --no-pager");
    assert.match(journal, /Assertion failed for (libvirtd\.service|Virtualization daemon)/);
    assert.deepEqual(await memoryFiles(), []);
    const said = errorsOf(await stack.failingPreview()).replace(/\s+/g, " ");
    assert.match(said, /\S+HOSTMEM_LAB_0001 does not exist on the host/);

    await host.stop();
    host.plugDisk(0, true);
    await host.start();
    await host.waitUntilSucceeds("virsh -q list", 60);
    assert.equal((await mountAt(host, mountPoint))?.fstype, "xfs");
    await stack.preview({ expectNoChanges: true });
  });

  it("has libvirt back as soon as an update has mounted it, when a boot had to do without", async () => {
    await host.succeed(
      `systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd; umount ${mountPoint}`,
    );
    await host.succeed("systemctl start libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket");
    assert.notEqual((await host.execute("timeout 20 virsh -q list")).exitCode, 0);
    assert.notEqual(await libvirtState(), "active");
    const start = "start libvirtd, which waited for the store";
    assert.deepEqual(hostLines(await stack.preview()), [`mount ${mountPoint}`, start]);
    // Mounted by somebody, it still has to be started.
    await host.succeed(`mount ${mountPoint}`);
    assert.deepEqual(hostLines(await stack.preview()), [start]);
    await stack.up();
    await host.succeed("timeout 20 virsh -q list");
    await stack.preview({ expectNoChanges: true });
  });

  it("leaves the host as it was when it is destroyed", async () => {
    const kept = await hashOf(host, device).catch(() => "");
    await stack.destroy();
    assert.notEqual(kept, "");
    assert.deepEqual(await traces(host), []);
    const allowed = [
      /^disk \/dev\/hostmem-disk0/,
      /^(unit|runtime unit|unit file) /,
      // libvirt starts it with the first guest.
      /^daemon virtlogd: gone/,
      // libvirt forgets guests that a power loss ended, and leaves these folders of theirs.
      /^file \/var\/lib\/libvirt\/qemu\/(channel\/target\/)?domain-\d+-/,
    ];
    assert.deepEqual(compareRecords(record, await recordHost(host), allowed), []);
  });

  keepSome(this, "what befalls a store", 3, this.tests.slice(2, -1));
});
