import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { keepSome } from "../support/sampled";
import { bootWithout } from "./support/bootWithout";
import { cleanNovaHost } from "./support/cleanHost";
import { errorsOf, hostLines, LabStack, operationsOf } from "./support/labStack";
import {
  appliesSince,
  expectDaemonsAsConfigured,
  expectNovaUp,
  expectPlacement,
  expectRamInPlacement,
  journalPlace,
  novaConf,
  startsSince,
  traces,
} from "./support/novaState";
import { programOf } from "./support/programs";
import { blkid, hashOf, mountAt } from "./support/storeState";

const mountPoint = "/var/lib/libvirt/qemu/ram";
const capacityMb = 768;

/** A program that makes its machine itself: what the address is, nobody knows before the update. */
const machineAndHost = (hostArgs: Record<string, unknown>) => `
  const pulumi = require("@pulumi/pulumi");
  const { ComputeHost } = require("pulumi-hostmem");
  const { host: address, ...login } = new pulumi.Config().requireObject("connection");
  class Machine extends pulumi.dynamic.Resource {
    constructor(name, args) {
      const provider = { create: async (inputs) => ({ id: "machine-1", outs: { address: inputs.becomes } }) };
      super(provider, name, { ...args, address: undefined });
    }
  }
  const machine = new Machine("machine", { becomes: address });
  const connection = machine.address.apply((host) => ({ ...login, host }));
  exports.memoryMb = new ComputeHost("compute-1", { connection, ...${JSON.stringify(hostArgs)} }).memoryMb;
`;

describe("ComputeHost", function () {
  this.timeout(240_000);
  let host: LabHost;
  let device: string;
  let stack: LabStack;

  before(async function () {
    this.timeout(20 * 60_000);
    host = await cleanNovaHost();
    device = host.disksById[0]!;
  });
  beforeEach(async () => {
    stack = await LabStack.create(host, { program: programOf({}) });
  });
  afterEach(() => stack.remove());

  const declared = () => ({
    backingStore: { device, fileSystem: "xfs" },
    fileBackedMemory: { capacity: `${capacityMb} MiB` },
  });

  it("is planned as far as it is known for a machine of the same program, and made in the same update", async () => {
    stack.project.setProgram({ javascript: machineAndHost(declared()) });
    const preview = await stack.preview();
    const kinds = ["BackingStore", "FileBackedMemoryConfig", "ServiceActivation"];
    const planned = kinds.map((kind) => `${kind}: planned once connection is known`);
    assert.deepEqual(hostLines(preview).sort(), planned);
    for (const kind of kinds) {
      assert.equal(operationsOf(preview)[kind], "create");
    }
    assert.deepEqual(await traces(host), []);

    const place = await journalPlace(host);
    await stack.up();
    assert.deepEqual(await startsSince(host, place), ["nova-compute"]);
    await expectPlacement(host, capacityMb);
    await expectDaemonsAsConfigured(host);
    assert.equal((await stack.project.exportStack()).deployment.resources?.[0]?.outputs?.["memoryMb"], capacityMb);
    await stack.preview({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });

    await stack.destroy();
    await expectRamInPlacement(host);
    assert.deepEqual(await traces(host), []);
    await host.succeed(`blkdiscard -f ${device}`);
  });

  it("adopts a host that somebody made right by hand: nothing is planned, done or restarted, or undone later", async () => {
    await host.succeed(`
      cp -p ${novaConf} /root/nova.conf.before; cp -p /etc/fstab /root/fstab.before
      mkfs.xfs -q ${device}
      echo "UUID=$(blkid -p -o value -s UUID ${device}) ${mountPoint} xfs defaults,nofail 0 0" >> /etc/fstab
      mkdir -p ${mountPoint}; stat -c '%u:%g %a' ${mountPoint} > /run/access
      mount ${mountPoint}
      read owner mode < /run/access; chown $owner ${mountPoint}; chmod $mode ${mountPoint}; rm /run/access
      sed -i '0,/^\\[libvirt\\]/s//[libvirt]\\nfile_backed_memory = ${capacityMb}/
        0,/^\\[DEFAULT\\]/s//[DEFAULT]\\nram_allocation_ratio = 1.0\\nreserved_host_memory_mb = 0/' ${novaConf}
      systemctl daemon-reload; systemctl restart nova-compute`);
    try {
      await expectPlacement(host, capacityMb);
      await expectNovaUp(host);
      const byHand = await Promise.all([
        host.readFile(novaConf),
        host.readFile("/etc/fstab"),
        blkid(host, device, "UUID"),
      ]);
      stack.project.setProgram(programOf({ host: declared() }));

      const place = await journalPlace(host);
      assert.deepEqual(hostLines(await stack.preview()), []);
      await stack.up();
      await stack.preview({ expectNoChanges: true });
      await stack.refresh({ expectNoChanges: true });
      await stack.destroy();
      assert.deepEqual(await startsSince(host, place), []);
      assert.ok(await mountAt(host, mountPoint));
      const now = await Promise.all([
        host.readFile(novaConf),
        host.readFile("/etc/fstab"),
        blkid(host, device, "UUID"),
      ]);
      assert.deepEqual(now, byHand);
      await expectPlacement(host, capacityMb);
      assert.deepEqual(await traces(host), []);
    } finally {
      await host.succeed(`
        umount ${mountPoint}; blkdiscard -f ${device}
        mv /root/nova.conf.before ${novaConf}; mv /root/fstab.before /etc/fstab
        systemctl daemon-reload; systemctl restart nova-compute`);
    }
    await expectRamInPlacement(host);
  });

  it("leaves the disk of a guest alone, blank as it is, whether the guest runs or not", async () => {
    stack.project.setProgram(programOf({ host: declared() }));
    const before = await hashOf(host, device);
    const refused = async (why: RegExp) => {
      assert.match(errorsOf(await stack.failingPreview()).replace(/\s+/g, " "), why);
      assert.match(errorsOf(await stack.failingUp()).replace(/\s+/g, " "), why);
      assert.equal(await hashOf(host, device), before);
    };
    await host.succeed("cat > /run/guest.xml; virsh -q define /run/guest.xml; rm /run/guest.xml", {
      input: `<domain type='qemu'><name>with-a-disk</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>
        <devices><disk type='block'><driver name='qemu' type='raw'/><source dev='${device}'/><target dev='vda'/></disk></devices></domain>`,
    });
    try {
      await refused(/is in use: it is a disk of the guest with-a-disk. It is left alone/);
      await host.succeed("virsh -q start with-a-disk");
      await refused(/is in use: qemu-system-x86 \(pid \d+\) has it open. It is left alone/);
    } finally {
      await host.execute("virsh -q destroy with-a-disk");
      await host.succeed("virsh -q undefine with-a-disk");
    }
    assert.deepEqual(await traces(host), []);
  });

  it("is taken back from a host that booted without its disk, which has Nova up again with RAM for guests", async function () {
    this.timeout(600_000);
    stack.project.setProgram(programOf({ host: declared() }));
    await stack.up();
    await bootWithout(host, 0, { withNova: false });
    await host.execute("timeout 20 virsh -q list");
    assert.notEqual((await host.execute("systemctl is-active libvirtd")).stdout.trim(), "active");
    await stack.destroy();
    await host.succeed("timeout 20 virsh -q list");
    await expectNovaUp(host);
    await expectRamInPlacement(host);
    assert.deepEqual(await traces(host), []);
    await host.stop();
    host.plugDisk(0, true);
    await host.start();
    await expectNovaUp(host);
    await host.succeed(`blkdiscard -f ${device}`);
  });

  it("lets its parts be changed one by one, each with an address of its own", async () => {
    stack.project.setProgram(programOf({ host: declared() }));
    await stack.up();
    const urns = (await stack.project.exportStack()).deployment.resources?.map(({ urn }) => urn) ?? [];
    const store = urns.find((urn) => urn.endsWith("::compute-1-backing-store"));
    assert.ok(store, urns.join("\n"));

    // Only the store is looked at, and only it is repaired.
    await host.succeed(`systemctl stop nova-compute; umount ${mountPoint}`);
    const place = await journalPlace(host);
    await stack.project.command(["up", "--yes", "--skip-preview", "--target", store]);
    assert.equal(await appliesSince(host, place), 1);
    assert.ok(await mountAt(host, mountPoint));
    assert.deepEqual(await startsSince(host, place), []);
    await host.succeed("systemctl start nova-compute");
    await expectNovaUp(host);
    await stack.preview({ expectNoChanges: true });

    await stack.destroy();
    await expectRamInPlacement(host);
    assert.deepEqual(await traces(host), []);
    await host.succeed(`blkdiscard -f ${device}`);
  });

  keepSome(this, "compute hosts", 1);
});
