import { strict as assert } from "node:assert";
import { compareRecords, type HostRecord, recordHost } from "../support/lab/hostRecord";
import type { LabHost } from "../support/lab/labHost";
import { sampled } from "../support/sampled";
import { type BootStore, bootStores } from "./support/bootStores";
import { cleanMachine } from "./support/cleanMachine";
import { createGuest } from "./support/fileGuest";
import { errorsOf, LabStack } from "./support/labStack";
import { drawnPoint, PowerCuts } from "./support/powerCuts";
import { programOf } from "./support/programs";
import { blkid, mountAt } from "./support/storeState";

/** About as many processes as the applies of one update start; the last points are right after its end. */
const processesOfAnUpdate = 120;

/** Boots and guests change what has nothing to do with us, and a disk keeps its store. */
const ofBoots = [
  /^disk /,
  /^daemon /,
  /^file \/etc\/apparmor\.d\/libvirt\/libvirt-/,
  /^mount \/proc\/sys\/fs\/binfmt_misc:/,
  /^unit (?!libvirt|virt|nova)/,
  /^runtime unit /,
];

/** libvirtd ends when nobody has asked it anything for two minutes, and starts by its socket. */
const asked = "virsh -q list > /dev/null";

/** A machine has a root disk, and Nova in it that is not enabled: what its configuration says takes effect in libvirt. */
describe("a machine with a store", function () {
  this.timeout(30 * 60_000);
  for (const store of sampled("stores at boot", bootStores, 0)) {
    describe(`on ${store.name}`, () => machineWith(store));
  }
});

function machineWith(store: BootStore): void {
  const { device, mountPoint, memoryBackingDir, memoryDirectory } = store;
  let host: LabHost;
  let stack: LabStack;
  let record: HostRecord;
  let cuts: PowerCuts;

  const onDisks = (script: string) =>
    host.succeed(`set -- ${host.disksById.join(" ")}\n${script}\nudevadm settle`, { seconds: 300 });
  const is = async (what: string, unit: string) => (await host.execute(`systemctl ${what} ${unit}`)).stdout.trim();

  before(async () => {
    host = await cleanMachine();
    await onDisks(store.make);
    await host.succeed(asked);
    record = await recordHost(host);
    const memory = { capacity: "auto", ...(memoryBackingDir === undefined ? {} : { memoryBackingDir }) };
    stack = await LabStack.create(host, { program: programOf({ store: { device, mountPoint }, memory }) });
    cuts = await PowerCuts.on(host, stack);
  });
  after(async () => {
    stack?.remove();
    // Where that fails, the machine is found not to be as it was, and is thrown away.
    await onDisks(`${store.end}; for disk in $1 $2; do wipefs --quiet --all $disk; blkdiscard -f $disk; done`).catch(
      () => {},
    );
  });

  it("finishes with the next up what a power cut ended", async () => {
    const trial = `up, ${store.name}`;
    await cuts.cut(trial, drawnPoint(trial, processesOfAnUpdate), () => stack.up({ mustSucceed: false }));
    await cuts.converge(() => stack.up());
  });

  it("comes up without its disk, keeps guests' memory off the root disk, and a preview says what is missing", async () => {
    await host.stop(600);
    for (const index of store.disks) host.plugDisk(index, false);
    await host.start();
    assert.equal(await is("is-active", "multi-user.target"), "active");
    const refused = await createGuest(host, "without-a-store");
    assert.notEqual(refused.exitCode, 0);
    assert.notEqual(await is("is-active", "libvirtd"), "active", "though its socket was asked for it");
    assert.equal(await mountAt(host, mountPoint), undefined);
    assert.equal(
      await host.succeed(`find ${mountPoint} -mindepth 1; find /var/lib/libvirt /srv -xdev -name '*.ram'`),
      "",
    );
    assert.match(await host.fail(`touch ${mountPoint}/memory`), /Operation not permitted/);

    const errors = errorsOf(await stack.failingPreview())
      .split("\n")
      .filter((line) => line.includes(device));
    assert.equal(errors.length, 1, errors.join("\n"));
    assert.match(errors[0]!, / does not exist on the host/);
  });

  it("has all as declared once the disk is back, mounted before libvirt started", async () => {
    await host.stop(600);
    for (const index of store.disks) host.plugDisk(index, true);
    await host.start();
    const at = async (unit: string) => Number(await is("show -p ActiveEnterTimestampMonotonic --value", unit));
    const unit = (await host.succeed(`systemd-escape --path --suffix=mount ${mountPoint}`)).trim();
    const [mounted, started] = [await at(unit), await at("libvirtd.service")];
    assert.ok(mounted > 0 && started > 0 && mounted < started, `${mounted} ${started}`);
    await stack.preview({ expectNoChanges: true });
  });

  it("starts a guest in it, confined by AppArmor, with its memory in the store", async () => {
    const created = await createGuest(host, "guest");
    assert.equal(created.exitCode, 0, created.stderr);
    const process = `/proc/$(cat /run/libvirt/qemu/guest.pid)`;
    const confined = await host.succeed(`cat ${process}/attr/apparmor/current`);
    assert.match(confined, /^libvirt-[0-9a-f-]{36} \(enforce\)$/m);
    const profiles = await host.readFile("/sys/kernel/security/apparmor/profiles");
    assert.ok(profiles.includes(confined.trim()), profiles);
    const file = (await host.succeed(`find ${memoryDirectory} -name pc.ram`)).trim();
    assert.equal(await host.succeed(`stat --format=%s ${file}`), `${64 * 1024 ** 2}\n`);
    assert.equal(await host.succeed(`findmnt --noheadings --output TARGET --target ${file}`), `${mountPoint}\n`);
    assert.match(await host.succeed(`cat ${process}/maps`), new RegExp(` ${file}$`, "m"));
    await host.succeed("virsh -q destroy guest");
  });

  it("is as before without it, and the store's file system is kept", async () => {
    const uuid = await blkid(host, device, "UUID");
    assert.notEqual(uuid, "");
    await stack.destroy();
    await host.succeed(asked);
    assert.deepEqual(compareRecords(record, await recordHost(host), ofBoots), []);
    assert.equal(await blkid(host, device, "UUID"), uuid);
    await cuts.restored();
  });
}
