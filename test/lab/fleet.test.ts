import { strict as assert } from "node:assert";
import { assertSameRecord, type HostRecord, recordHost } from "../support/lab/hostRecord";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { keptByNova } from "./support/keptByNova";
import { errorsOf, LabStack, loginOf } from "./support/labStack";
import {
  appliesSince,
  expectNovaUp,
  expectPlacement,
  expectRamInPlacement,
  journalPlace,
  novaConf,
  recordOf,
  startsSince,
  traces,
} from "./support/novaState";
import { clearTheWay, putInTheWay } from "./support/obstacles";

/**
 * In the order of the rollout. Two run Nova, each beside a small control plane: `compute` is broken at first, and `control`
 * comes after it, with services whose restarts its journal would show.
 */
const names = ["light-1", "compute", "light-2", "control", "light-3"] as const;
type Name = (typeof names)[number];
const directory = "/srv/guest-memory";

/** Nova hosts change two resources each and one service of each kind; hosts without Nova have a store. */
const program = {
  javascript: `
const pulumi = require("@pulumi/pulumi");
const { BackingStore, rollout } = require("pulumi-hostmem");
const connections = new pulumi.Config().requireObject("connection");
const nova = (name) => ({
  connection: connections[name],
  backingStore: { fileSystem: "tmpfs", size: "1 GiB", mountPoint: "${directory}" },
  fileBackedMemory: { capacity: "900 MiB" },
  healthTimeoutSeconds: 60,
});
const light = (name) => new BackingStore(name, { connection: connections[name], fileSystem: "tmpfs", size: "64 MiB" });
rollout(
  { "light-1": light, compute: nova("compute"), "light-2": light, control: nova("control"), "light-3": light },
  { canary: 1, batch: 2, pause: 1 },
);
`,
};

describe("a rollout over five hosts, one of which is broken", function () {
  this.timeout(600_000);
  const hosts = new Map<Name, LabHost>();
  const asMade = new Map<Name, HostRecord>();
  let places: Map<Name, string>;
  let stack: LabStack;

  const host = (name: Name) => hosts.get(name)!;
  const isNova = (name: Name) => host(name).kind === "nova";
  const record = (name: Name) => (isNova(name) ? recordOf(host(name)) : recordHost(host(name)));
  const mark = async () => {
    places = new Map();
    for (const name of names) places.set(name, await journalPlace(host(name)));
  };
  const starts = (name: Name) => startsSince(host(name), places.get(name)!);
  const applies = (name: Name) => appliesSince(host(name), places.get(name)!);

  before(async function () {
    this.timeout(20 * 60_000);
    for (const name of names) {
      const kind = name.startsWith("light") ? "light" : "nova";
      hosts.set(name, await startLabHost({ kind, name: `fleet-${name}` }));
      // libvirt starts it with the first guest.
      if (kind === "nova") await host(name).succeed("systemctl start virtlogd");
    }
    for (const name of names) asMade.set(name, await record(name));
    const connection = Object.fromEntries(names.map((name) => [name, loginOf(host(name))]));
    stack = await LabStack.create(host("control"), { program, connection });
  });
  after(async () => {
    await stack?.remove();
    for (const each of hosts.values()) await each.destroy();
  });

  it("ends there: hosts of later batches have no restart, no apply and no changed byte", async () => {
    const refuse = `if "\\nfile_backed_memory = 900\\n" in open("${novaConf}").read():`;
    await putInTheWay(host("compute"), `${refuse}\n    os.environ['OS_DEFAULT__RAM_ALLOCATION_RATIO'] = '1.5'`);
    await mark();
    const failed = await stack.failingUp({ timeoutSeconds: 400 });
    assert.match(errorsOf(failed), /requires ram_allocation_ratio configured to 1\.0/);
    assert.equal(await applies("light-1"), 1);
    await expectNovaUp(host("compute"));
    await expectRamInPlacement(host("compute"));
    for (const name of ["control", "light-3"] as const) {
      assert.deepEqual(await starts(name), [], name);
      assert.equal(await applies(name), 0, name);
      assert.deepEqual(await traces(host(name)), [], name);
      assertSameRecord(asMade.get(name)!, await record(name));
    }
  });

  it("goes on there: each service restarts once on each host that is changed, and on no other", async () => {
    await clearTheWay(host("compute"));
    await mark();
    await stack.up({ timeoutSeconds: 400 });
    assert.equal(await applies("light-1"), 0);
    for (const name of ["compute", "control"] as const) {
      assert.deepEqual(await starts(name), ["libvirtd", "nova-compute"], name);
      await expectPlacement(host(name), 900);
    }
    for (const name of ["light-1", "light-2", "light-3"] as const) {
      await host(name).succeed("findmnt -n -t tmpfs /var/lib/libvirt/qemu/ram");
    }
    await stack.preview({ expectNoChanges: true });

    await mark();
    await stack.up({ timeoutSeconds: 400 });
    for (const name of names) assert.deepEqual([await starts(name), await applies(name)], [[], 0], name);
  });

  it("leaves every host as it was when it is taken back", async () => {
    await stack.project.destroy({ timeoutSeconds: 400 });
    for (const name of ["control", "compute"] as const) await expectRamInPlacement(host(name));
    for (const name of names) assertSameRecord(asMade.get(name)!, await record(name), isNova(name) ? keptByNova : []);
  });
});
