import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { kinds } from "../../provider/core/kinds";
import { create, remove } from "../../provider/lifecycle";
import { LightHost } from "../support/sandbox/lightHost";

const folder = "/etc/systemd/system/libvirtd.service.d";
const kind = kinds.get("BackingStore")!;

describe("the folder of libvirt's drop-ins, after a store", function () {
  this.timeout(120_000);
  let host: LightHost;
  beforeEach(async () => {
    host = await LightHost.start();
    host.beThisMachine();
    mock.method(console, "log", () => {});
  });
  afterEach(async () => {
    mock.restoreAll();
    await host?.stop();
  });

  const cases = {
    "goes if it was made for it": { before: ":", between: ":", left: "" },
    "stays if it was there, though nothing is in it": {
      before: `mkdir -p ${folder}`,
      between: ":",
      left: `${folder}\n`,
    },
    "stays if somebody else uses it by then": { before: ":", between: `: >${folder}/own.conf`, left: `${folder}\n` },
    "goes, too, if the file is gone already": { before: ":", between: `rm ${folder}/hostmem-store.conf`, left: "" },
  };
  for (const [index, [name, { before, between, left }]] of Object.entries(cases).entries()) {
    it(name, async () => {
      // By other means each time, as facts of the host before would count for half a minute.
      const become = { method: "none", password: `folders ${index}` };
      const connection = { host: "localhost", transport: "local", user: "root" };
      const size = { fileSystem: "tmpfs", size: "64 MiB", mountPoint: "/srv/guest-memory" };
      host.run(`rm -rf ${folder}; ${before}`);
      const made = await create(kind, { owner: "p/s/store", connection, become, ...size });
      assert.equal(host.run(`ls ${folder}`), "hostmem-store.conf\n");
      host.run(between);
      mock.timers.enable({ apis: ["Date"], now: Date.now() + 60_000 });
      await remove(kind, made.id, made.outs);
      mock.timers.reset();
      assert.equal(host.run(`ls ${folder}/hostmem-store.conf 2>/dev/null; ls -d ${folder} 2>/dev/null || :`), left);
    });
  }
});
