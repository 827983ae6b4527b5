import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { kinds } from "../../provider/core/kinds";
import { create, diff, remove } from "../../provider/lifecycle";
import { LightHost, usualFiles } from "../support/sandbox/lightHost";

const kind = kinds.get("FileBackedMemoryConfig")!;
const root = "/srv/nova";
const conf = `${root}/etc/nova/nova.conf`;
const log = `${root}/var/log/nova/nova-compute.log`;
const original = "[DEFAULT]\nstate_path = /var/lib/nova\n";

/** A unit of another name, whose root is not the host's; its arguments are those of any other nova-compute. */
const files = {
  "/usr/share/light-host/units": usualFiles["/usr/share/light-host/units"]!.replace(
    /^Id=nova-compute.service$/m,
    `Id=nova-main.service\nRootDirectory=${root}`,
  ),
  "/usr/sbin/systemctl": usualFiles["/usr/sbin/systemctl"]!.replaceAll("nova-compute.service", "nova-main.service")
    .replaceAll("/etc/nova/nova.conf", conf)
    .replaceAll("/var/log/nova", `${root}/var/log/nova`),
  [conf]: original,
};

describe("nova-compute in a root of its own", function () {
  this.timeout(240_000);
  let host: LightHost;

  before(async () => {
    host = await LightHost.start(files);
    host.beThisMachine();
    host.run(`mkdir -p ${root}/var/log/nova`);
    mock.method(console, "log", () => {});
  });
  after(async () => {
    mock.restoreAll();
    await host?.stop();
  });

  const installation = { novaUnit: "nova-main.service", novaConfig: [conf], novaLog: log };
  const inputs = (capacity: string, more: Record<string, unknown> = { installation }) => ({
    owner: "p/s/memory",
    connection: { host: "localhost", transport: "local", user: "root" },
    capacity,
    ...more,
  });

  it("is not found by itself, and not taken for one whose paths are the host's", async () => {
    await assert.rejects(create(kind, inputs("1 GiB", {})), /no nova-compute service was found/);
    const unitAlone = { installation: { novaUnit: "nova-main.service" } };
    await assert.rejects(
      create(kind, inputs("1 GiB", unitAlone)),
      /installation: nova-main.service runs in a root of its own .*name .* by novaConfig and novaLog/,
    );
    assert.equal(host.run("ls /run/started 2>/dev/null || :"), "");
  });

  it("is believed by the log that was named, and gets its files back when it refuses", async () => {
    await assert.rejects(create(kind, inputs("666 MiB")), /Nova says: InternalError: Running Nova with 666 is refused/);
    assert.equal(host.run(`cat ${conf}`), original);
  });

  it("gets its memory, and takes it back, in the files that were named and in no other", async () => {
    const elsewhere = host.run("cat /etc/nova/nova.conf");
    host.run("rm /run/restarted");
    const { id, outs } = await create(kind, inputs("1 GiB"));
    assert.match(host.run(`cat ${conf}`), /^file_backed_memory = 1024$/m);
    assert.equal(host.run("cat /run/restarted"), "nova-main.service\n");
    assert.equal((await diff(kind, id, outs, { ...inputs("1 GiB"), memoryMb: 1024 })).changes, false);
    await remove(kind, id, outs);
    assert.equal(host.run(`cat ${conf}`), original);
    assert.equal(host.run("cat /etc/nova/nova.conf"), elsewhere);
  });
});
