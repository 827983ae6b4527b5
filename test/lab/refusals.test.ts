import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { compareUpper, recordUpper } from "../support/lab/upperRecord";
import { itInFullRuns, sampled } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { cleanNovaHost } from "./support/cleanHost";
import { errorsOf, hostLines, LabStack } from "./support/labStack";
import { expectNovaUp, expectPlacement, lineOf, novaComputeConf, novaConf } from "./support/novaState";
import { programOf } from "./support/programs";

interface Foreseen {
  what: string;
  /** Brings the host into that state, and back. */
  arrange: string;
  tidy: string;
  args: Record<string, unknown>;
  /** The property that the refusal names, undefined where it is about the host as such. */
  property: string | undefined;
  /** What is wrong, and what to do about it. */
  says: RegExp[];
}

const dropIn = "/etc/systemd/system/nova-compute.service.d/own.conf";
const hugeDomain = `<domain type='qemu'><name>instance-0000beef</name><memory unit='KiB'>65536</memory>
<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking>
<os><type>hvm</type></os></domain>`;

const foreseen: Foreseen[] = [
  {
    what: "the environment sets file_backed_memory",
    arrange: `mkdir -p \${d=$(dirname ${dropIn})}; printf '[Service]\\nEnvironment=OS_LIBVIRT__FILE_BACKED_MEMORY=77\\n' > ${dropIn}; systemctl daemon-reload`,
    tidy: `rm -r $(dirname ${dropIn}); systemctl daemon-reload`,
    args: { capacity: "2 GiB" },
    property: undefined,
    says: [
      /OS_LIBVIRT__FILE_BACKED_MEMORY in the environment of nova-compute\.service wins/,
      /remove it there and restart the service/,
    ],
  },
  {
    what: "virt_type is lxc",
    arrange: `cp -p ${novaComputeConf} /root/kept; sed -i 's/^virt_type=qemu$/virt_type=lxc/' ${novaComputeConf}`,
    tidy: `mv /root/kept ${novaComputeConf}`,
    args: { capacity: "2 GiB" },
    property: undefined,
    says: [/virt_type is lxc \(\/etc\/nova\/nova-compute\.conf\)/, /kvm and qemu only/],
  },
  {
    what: "as much memory is reserved as declared",
    arrange: ":",
    tidy: ":",
    args: { capacity: "2 GiB", reservedHostMemory: "2 GiB" },
    property: "reservedHostMemory",
    says: [/must be less than the capacity of 2 GiB/, /Leave it out/],
  },
  {
    what: "the capacity is more than the file system can hold",
    arrange: ":",
    tidy: ":",
    args: { capacity: "100 TiB" },
    property: "capacity",
    says: [/is 100 TiB, but the file system at \/ can hold \d/, /Use at most that/],
  },
  {
    what: "nova.conf cannot be parsed",
    arrange: `cp -p ${novaConf} /root/kept; printf '[libvirt]\\n  indented\\n' >> ${novaConf}`,
    tidy: `mv /root/kept ${novaConf}`,
    args: { capacity: "2 GiB" },
    property: undefined,
    says: [/cannot read its configuration: \/etc\/nova\/nova\.conf line \d+/, /mend that first/],
  },
  {
    what: "memoryBackingDir is relative",
    arrange: ":",
    tidy: ":",
    args: { capacity: "2 GiB", memoryBackingDir: "guest-memory" },
    property: "memoryBackingDir",
    says: [/must be an absolute path/, /such as \/mnt\/guest-memory/],
  },
  {
    what: "a guest of the host asks for huge pages",
    arrange: `cat > /etc/libvirt/qemu/instance-0000beef.xml <<'END'\n${hugeDomain}\nEND`,
    tidy: "rm /etc/libvirt/qemu/instance-0000beef.xml",
    args: { capacity: "2 GiB" },
    property: "capacity",
    says: [/guests ask/, /hw:mem_page_size/, /again: instance-0000beef\. /, /Move them to another host first/],
  },
];

describe("a preview that knows that Nova, libvirt or the file system would refuse", function () {
  this.timeout(120_000);
  let host: LabHost;
  let stack: LabStack;
  before(async function () {
    this.timeout(20 * 60_000);
    host = await cleanNovaHost();
    stack = await LabStack.create(host, { program: programOf({}) });
  });
  after(async () => {
    stack?.remove();
    // It is older than the files that were put back, which the next tests would take for something left undone.
    await host?.succeed("systemctl restart nova-compute");
  });

  for (const each of sampled("refusals foreseen", foreseen, 3)) {
    it(`refuses, and changes nothing, when ${each.what}`, async () => {
      const prove = beginTrial("refusals foreseen", each.what, ["refused at preview", "unchanged"]);
      await host.succeed(each.arrange);
      try {
        stack.project.setProgram(programOf({ memory: each.args }));
        const upper = recordUpper(host);
        const said = errorsOf(await stack.failingPreview());
        for (const pattern of each.says) assert.match(said, pattern);
        if (each.property) assert.match(said, new RegExp(`\\b${each.property}\\b`));
        prove("refused at preview");
        assert.deepEqual(compareUpper(upper, recordUpper(host)), []);
        // Its reading ends with it.
        await host.waitUntilSucceeds("! pgrep -f '^sh -s'", 30);
        prove("unchanged");
      } finally {
        await host.succeed(each.tidy);
      }
    });
  }
});

describe("a ratio that a later file sets", function () {
  this.timeout(120_000);
  let host: LabHost;
  let stack: LabStack;
  before(async function () {
    this.timeout(20 * 60_000);
    host = await cleanNovaHost();
    await host.succeed(
      `cp -p ${novaComputeConf} /root/kept; sed -i '1a # overcommit\\nram_allocation_ratio = 1.5' ${novaComputeConf}`,
    );
    await host.succeed("systemctl restart nova-compute");
    stack = await LabStack.create(host, { program: programOf({ memory: { capacity: "2 GiB" } }) });
  });
  after(async () => {
    stack?.remove();
    await host?.succeed(`mv /root/kept ${novaComputeConf}; systemctl restart nova-compute`);
  });

  itInFullRuns("is changed in that file, as the plan says, and destroy restores it", async () => {
    const former = await host.readFile(novaComputeConf);
    const preview = await stack.preview();
    const step = `set [DEFAULT] ram_allocation_ratio = 1.0 (was 1.5) in ${novaComputeConf}`;
    assert.ok(hostLines(preview).includes(step), hostLines(preview).join("\n"));
    await stack.up();
    assert.equal(await lineOf(host, novaComputeConf, "ram_allocation_ratio"), "ram_allocation_ratio = 1.0");
    assert.equal(await lineOf(host, novaConf, "ram_allocation_ratio"), "");
    await expectPlacement(host, 2048);
    await stack.destroy();
    assert.equal(await host.readFile(novaComputeConf), former);
    await expectNovaUp(host);
  });
});
