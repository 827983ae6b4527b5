import { strict as assert } from "node:assert";
import type { LabHost } from "../support/lab/labHost";
import { isFullRun, keepSome } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { cleanNovaHost } from "./support/cleanHost";
import { errorsOf, LabStack } from "./support/labStack";
import { useModularLibvirt, useMonolithicLibvirt } from "./support/modularLibvirt";
import {
  expectDaemonsAsConfigured,
  expectNovaUp,
  expectPlacement,
  expectRamInPlacement,
  journalPlace,
  lineOf,
  novaConf,
  qemuConf,
  startsSince,
  traces,
} from "./support/novaState";
import { clearTheWay, putInTheWay, useDropIn } from "./support/obstacles";
import { programOf } from "./support/programs";

/** Seconds within which a failed update must have gone back and ended, whatever the services do. */
const boundSeconds = 300;
const directory = "/srv/guest-memory";
const badFile = "/run/nova/obstacle.conf";

/** Something that a service meets at its start with what the update sets, and with nothing else. */
interface Obstacle {
  what: string;
  put: (host: LabHost, wanted: number) => Promise<void>;
  /** Another kind of host, and what makes it the usual one again. */
  arrange?: (host: LabHost) => Promise<void>;
  tidy?: (host: LabHost) => Promise<void>;
  /** What the update changes beside the capacity. */
  declared?: Record<string, unknown>;
  says: RegExp;
}

/** In nova-compute's process, before Nova's own code, if nova.conf has what the update wants. */
const inNova = (python: string) => (host: LabHost, wanted: number) =>
  putInTheWay(host, `if "\\nfile_backed_memory = ${wanted}\\n" in open("${novaConf}").read():\n    ${python}`);
const setting = (option: string, value: string) => inNova(`os.environ['OS_${option}'] = '${value}'`);
/** What libvirt says of versions, to Nova alone; encoded as libvirt does, 5000000 for 5.0.0. */
const version = (method: string, value: number) =>
  inNova(
    `sys.path.append("/usr/lib/python3/dist-packages"); import libvirt; libvirt.virConnect.${method} = lambda self: ${value}`,
  );

/** A directory for libvirt, which has libvirt restarted, too. */
const moved = { memoryBackingDir: directory, allowHazards: ["guests-in-files"] };
/** In libvirt's way as long as that directory is configured. */
const inLibvirt = (what: string, unit = "libvirtd.service") => {
  const isMoved = `grep -q "^memory_backing_dir" ${qemuConf}`;
  return (host: LabHost) => useDropIn(host, what.replace("IS_MOVED", isMoved), unit);
};

const obstacles: Obstacle[] = [
  {
    what: "a ram_allocation_ratio from elsewhere",
    put: setting("DEFAULT__RAM_ALLOCATION_RATIO", "1.5"),
    says: /Running Nova with file_backed_memory requires ram_allocation_ratio configured to 1\.0/,
  },
  {
    what: "more reserved memory from elsewhere",
    put: setting("DEFAULT__RESERVED_HOST_MEMORY_MB", "9999"),
    says: /must be greater than reserved memory configured via '\[DEFAULT\] reserved_host_memory/,
  },
  {
    what: "a virt_type that is none",
    put: setting("LIBVIRT__VIRT_TYPE", "xen"),
    says: /Valid values are \[kvm, lxc, qemu, parallels\], but found 'xen'/,
  },
  {
    what: "a libvirt that is too old for Nova",
    put: version("getLibVersion", 5_000_000),
    says: /Nova requires libvirt version 6\.0\.0 or greater/,
  },
  {
    what: "a QEMU that is too old for Nova",
    put: version("getVersion", 4_001_000),
    says: /Nova requires QEMU version 4\.2\.0 or greater/,
  },
  {
    what: "a file that oslo.config cannot parse",
    // Written by the process itself: systemd empties this folder between two starts.
    put: inNova(
      `open("${badFile}", "w").write(" neither section nor option"); sys.argv.append("--config-file=${badFile}")`,
    ),
    says: /ParseError: at \/run\/nova\/obstacle\.conf:1, Unexpected continuation line/,
  },
  {
    what: "a nova-compute that ends as soon as it is started, each time",
    put: inNova("sys.exit('no nova-compute today')"),
    says: /nova-compute\.service (stopped right after its start|keeps dying and being restarted)/,
  },
  {
    what: "a nova-compute that starts well and is killed then, each time",
    put: (host, wanted) =>
      useDropIn(
        host,
        `Restart=always\nExecStartPost=/bin/sh -c 'if grep -q "^file_backed_memory = ${wanted}$" ${novaConf}; then` +
          ` (until tail -n 50 /var/log/nova/nova-compute.log | grep -q "$MAINPID .*unclaimed instances"; do sleep 0.2; done; kill -9 $MAINPID) & fi'`,
      ),
    says: /nova-compute\.service (keeps dying and being restarted|did not come up within 60 s)/,
  },
  {
    what: "a nova-compute that hangs, and does not end when it is told to",
    put: async (host, wanted) => {
      await useDropIn(host, "TimeoutStopSec=10");
      await inNova("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(900)")(host, wanted);
    },
    says: /nova-compute\.service did not come up within 60 s/,
  },
  {
    what: "a libvirt that does not start",
    declared: moved,
    put: inLibvirt("ExecStartPre=/bin/sh -c '! IS_MOVED'"),
    says: /libvirtd\.service did not restart/,
  },
  {
    what: "a libvirt that starts and does not answer",
    declared: moved,
    put: inLibvirt("ExecStartPost=/bin/sh -c 'if IS_MOVED; then kill -STOP $MAINPID; fi'"),
    says: /libvirtd\.service does not answer after its restart/,
  },
  {
    what: "a libvirt of modular daemons that does not start",
    arrange: useModularLibvirt,
    declared: moved,
    put: inLibvirt("ExecStartPre=/bin/sh -c '! IS_MOVED'", "virtqemud.service"),
    says: /virtqemud\.service did not restart/,
    tidy: useMonolithicLibvirt,
  },
];

describe("a service that refuses to start with what up has set, under a guest that runs", function () {
  this.timeout(10 * 60_000);
  let host: LabHost;
  let stack: LabStack;
  let server: { id: string; instanceName: string };
  let process: string;
  /** What the first update sets. */
  const firstMb = 2048;

  before(async function () {
    this.timeout(20 * 60_000);
    host = await cleanNovaHost();
    await host.succeed(`mkdir ${directory}`);
    stack = await LabStack.create(host, { program: withCapacity(firstMb) });
  });
  afterEach(() => clearTheWay(host));
  after(async () => {
    stack?.remove();
    if (server && (await host.cloud.serverStatus(server.id))) await host.cloud.deleteServer(server.id);
    await host?.succeed(`rm -rf ${directory}`);
  });

  const capacity = async () => Number((await stack.outputsOf("FileBackedMemoryConfig"))?.["memoryMb"]);
  const otherThan = (memoryMb: number) => (memoryMb === 2048 ? 3072 : 2048);
  const files = async () => [await host.readFile(novaConf), await host.readFile(qemuConf)];
  const guest = async () => {
    const pid = (await host.succeed(`cat /run/libvirt/qemu/${server.instanceName}.pid`)).trim();
    return `${pid} ${(await host.succeed(`virsh domstate ${server.instanceName}`)).trim()}`;
  };

  it("leaves nothing of a first up", async () => {
    const prove = beginTrial("services that refuse", "a first up", ["refused", "rolled back"]);
    const pristine = await files();
    await setting("DEFAULT__RAM_ALLOCATION_RATIO", "1.5")(host, firstMb);
    const failed = await stack.failingUp({ timeoutSeconds: boundSeconds });
    assert.match(errorsOf(failed), /requires ram_allocation_ratio configured to 1\.0/);
    assert.match(errorsOf(failed), /taken back and the services run as before/);
    prove("refused");
    assert.deepEqual(await files(), pristine);
    assert.deepEqual(await traces(host), []);
    assert.equal(await stack.outputsOf("FileBackedMemoryConfig"), undefined);
    await expectNovaUp(host);
    await expectDaemonsAsConfigured(host);
    await expectRamInPlacement(host);
    prove("rolled back");
  });

  it("works once nothing is in the way, and slow as the start may be", async () => {
    await useDropIn(host, `ExecStartPre=/bin/sleep ${isFullRun ? 25 : 10}`);
    const place = await journalPlace(host);
    await stack.up({ timeoutSeconds: boundSeconds });
    assert.deepEqual(await startsSince(host, place), ["nova-compute"]);
    await expectPlacement(host, firstMb);
    server = await host.cloud.bootServer({ name: "throughout", ramMb: 64 });
    process = await guest();
  });

  for (const obstacle of obstacles) {
    it(`has its former lines, and the same state, for ${obstacle.what}`, async () => {
      await obstacle.arrange?.(host);
      try {
        await suffer(obstacle);
      } finally {
        await clearTheWay(host);
        await obstacle.tidy?.(host);
      }
    });
  }

  async function suffer(obstacle: Obstacle): Promise<void> {
    const claims = ["refused", "rolled back", "guest kept", "converged"] as const;
    const prove = beginTrial("services that refuse", obstacle.what, claims);
    const former = await files();
    const memoryMb = await capacity();
    const wanted = otherThan(memoryMb);
    await obstacle.put(host, wanted);
    stack.project.setProgram(withCapacity(wanted, obstacle.declared));
    const failed = await stack.failingUp({ timeoutSeconds: boundSeconds });
    assert.match(errorsOf(failed), obstacle.says);
    assert.match(errorsOf(failed), /taken back and the services run as before/);
    prove("refused");

    assert.deepEqual(await files(), former);
    assert.equal(await capacity(), memoryMb);
    await expectNovaUp(host);
    await expectDaemonsAsConfigured(host);
    await expectPlacement(host, memoryMb);
    prove("rolled back");

    await clearTheWay(host);
    await stack.up({ timeoutSeconds: boundSeconds });
    await expectPlacement(host, wanted);
    await stack.preview({ expectNoChanges: true });
    if (obstacle.declared) {
      assert.equal(await lineOf(host, qemuConf, "memory_backing_dir"), `memory_backing_dir = "${directory}"`);
      stack.project.setProgram(withCapacity(wanted, { allowHazards: ["guests-in-files"] }));
      await stack.up();
    }
    prove("converged");
    assert.equal(await guest(), process);
    prove("guest kept");
  }

  it("is told from one that does not start without our lines either", async () => {
    const claims = ["refused", "rolled back", "guest kept", "converged"] as const;
    const prove = beginTrial("services that refuse", "one that does not start without our lines either", claims);
    const former = await files();
    await putInTheWay(host, "os.environ['OS_LIBVIRT__VIRT_TYPE'] = 'xen'");
    const wanted = otherThan(await capacity());
    stack.project.setProgram(withCapacity(wanted));
    const failed = await stack.failingUp({ timeoutSeconds: boundSeconds });
    assert.match(errorsOf(failed), /but found 'xen'/);
    assert.match(errorsOf(failed), /taken back, but the service is still not healthy/);
    prove("refused");
    assert.deepEqual(await files(), former);
    prove("rolled back");
    await clearTheWay(host);
    await stack.up({ timeoutSeconds: boundSeconds });
    await expectPlacement(host, wanted);
    prove("converged");
    assert.equal(await guest(), process);
    prove("guest kept");
  });

  it("is given back as it was", async () => {
    await host.cloud.deleteServer(server.id);
    await stack.destroy();
    assert.deepEqual(await traces(host), []);
    await expectNovaUp(host);
  });

  const [first, , ...others] = this.tests.slice(0, -1);
  keepSome(this, "services that refuse", 1, [first!, ...others]);
});

function withCapacity(memoryMb: number, declared: Record<string, unknown> = {}) {
  return programOf({ memory: { capacity: `${memoryMb} MiB`, healthTimeoutSeconds: 60, ...declared } });
}
