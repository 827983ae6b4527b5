import { strict as assert } from "node:assert";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { itInFullRuns } from "../support/sampled";
import { errorsOf, hostLines, LabStack } from "./support/labStack";
import { traces } from "./support/novaState";
import { programOf } from "./support/programs";

const unit = "hostmem-huge-pages.service";
const novaConf = "/etc/nova/nova.conf";
const poolOf = (node: number) => `/sys/devices/system/node/node${node}/hugepages/hugepages-2048kB/nr_hugepages`;

/**
 * A guest of 16 huge pages, bound to the second node as Nova binds those with a page size. Without AppArmor, which on Debian 12
 * keeps QEMU's libnuma from /sys ("The nodes select no CPUs"), so that no guest with such a binding starts.
 */
const guest = `<domain type='qemu'>
  <name>paged</name><memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
  <memoryBacking><hugepages><page size='2048' unit='KiB' nodeset='0'/></hugepages></memoryBacking>
  <numatune><memory mode='strict' nodeset='1'/><memnode cellid='0' mode='strict' nodeset='1'/></numatune>
  <cpu><numa><cell id='0' cpus='0' memory='32768' unit='KiB' memAccess='shared'/></numa></cpu>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices><seclabel type='none' model='apparmor'/>
</domain>`;

// A kernel of its own: pools of two nodes, and a boot that begins with none. What takes minutes to boot is for full runs.
describe("pools of huge pages on an emulated machine with two NUMA nodes", function () {
  this.timeout(1_800_000); // Emulated processors, and perhaps not for themselves.
  let host: LabHost;
  let stack: LabStack;
  let pristine: string;

  const pages = async () => (await host.succeed(`cat ${poolOf(0)} ${poolOf(1)}`)).trim().split("\n").map(Number);
  const pools = (first: number, second: number) => [
    { size: "2 MiB", node: 0, count: first },
    { size: "2 MiB", node: 1, count: second },
  ];
  const declare = (args: Record<string, unknown>) => stack.project.setProgram(programOf({ pages: args }));

  before(async function () {
    this.timeout(30 * 60_000); // The first run on a machine builds the image.
    host = await startLabHost({ kind: "vm", name: "pages" });
    await host.succeed(`echo 5 > ${poolOf(0)}; echo 3 > ${poolOf(1)}`);
    pristine = await host.readFile(novaConf);
  });
  after(() => host?.destroy());
  beforeEach(async () => {
    stack = await LabStack.create(host, { program: programOf({}) });
  });
  afterEach(async () => {
    await host.execute("virsh destroy paged; virsh undefine paged");
    await stack.destroy();
    stack.remove();
    assert.deepEqual(await pages(), [5, 3], "the former pools");
    assert.equal(await host.readFile(novaConf), pristine);
    assert.deepEqual(await traces(host), []);
  });

  itInFullRuns("are set on each node, survive a reboot, and are what they were before after a destroy", async () => {
    declare({ allowed: ["small", "2 MiB"], pools: pools(24, 40) });
    const lines = hostLines(await stack.preview());
    assert.equal(
      lines[0],
      "set pool of 2 MiB pages on node 0 to 24 (was 5); pool of 2 MiB pages on node 1 to 40 (was 3)",
    );
    assert.equal(lines[1], `set at boot by ${unit}: 24 x 2 MiB pages on node 0, 40 x 2 MiB pages on node 1`);
    assert.deepEqual(await pages(), [5, 3]);
    await stack.up();
    assert.deepEqual(await pages(), [24, 40]);
    assert.match(await host.succeed("grep HugePages_Total /proc/meminfo"), /: +64$/m);
    // One line for each node keeps the size from guests that is not allowed.
    const reserved = await host.succeed(`sed -n 's/^reserved_huge_pages = //p' ${novaConf}`);
    assert.match(reserved, /^node:0,size:1048576,count:2\nnode:1,size:1048576,count:2\n$/);

    await host.reboot();
    assert.deepEqual(await pages(), [24, 40]);
    const entered = (name: string) =>
      host.succeed(`systemctl show -p ActiveEnterTimestampMonotonic --value ${name}`).then(Number);
    assert.ok((await entered(unit)) > 0);
    assert.ok((await entered(unit)) < (await entered("libvirtd.service")), "before libvirt");
    await stack.preview({ expectNoChanges: true });
  });

  itInFullRuns("are not taken from a guest, on its node, whether it runs or is to be started again", async () => {
    declare({ pools: pools(5, 20) });
    await stack.up();
    await host.writeFile("/root/guest.xml", guest);
    await host.succeed("virsh define /root/guest.xml && virsh start paged; rm /root/guest.xml", { seconds: 120 });
    assert.match(await host.succeed(`cat ${poolOf(1).replace("nr_", "free_")}`), /^4$/m);

    // Together the nodes have more pages than the guest; its own node has not.
    declare({ pools: pools(30, 10) });
    const held = errorsOf(await stack.failingPreview());
    assert.match(held, /16 of the 2 MiB pages on node 1 are in use, and 10 would be left; they are never taken away/);
    assert.match(held, /In use by qemu-system-x86/);

    await host.succeed("virsh destroy paged");
    const stranded = errorsOf(await stack.failingPreview());
    assert.match(stranded, /leaves 10 pages of 2 MiB on node 1, and guests of this host have 16 there \(paged\)/);
    assert.deepEqual(await pages(), [5, 20]);
  });

  itInFullRuns("are all or nothing where the kernel has no room for one of them", async () => {
    declare({ pools: [...pools(10, 10), { size: "1 GiB", node: 1, count: 1 }] });
    const failed = errorsOf(await stack.failingUp());
    // Whether the node has that much to spare at all, or not in one piece, is the kernel's to say.
    assert.match(failed, /to give at the moment|gave 0 of 1 pages of 1048576 KiB on node 1, even after compaction/);
    assert.deepEqual(await pages(), [5, 3]);
  });
});
