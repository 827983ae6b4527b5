import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { kinds } from "../../provider/core/kinds";
import { create, remove } from "../../provider/lifecycle";
import { LightHost } from "../support/sandbox/lightHost";

const kind = kinds.get("PageSizePolicy")!;

/** Files that a policy may have in folders that not every host has. */
const places = {
  "nova-compute's providers": {
    path: "/etc/nova/provider_config/hostmem.yaml",
    declare: { trait: "CUSTOM_LARGE" },
  },
  "the boot loader's settings": {
    path: "/etc/default/grub.d/90-hostmem.cfg",
    declare: { pools: [{ size: "2 MiB", node: 0, count: 3 }], atBoot: "kernel-command-line" },
  },
};

const cases: Record<
  string,
  { before: (folder: string) => string; between: (folder: string) => string; stays: boolean }
> = {
  "goes if it was made for it": { before: () => ":", between: () => ":", stays: false },
  "stays if it was there, though nothing is in it": {
    before: (folder) => `mkdir -p ${folder}`,
    between: () => ":",
    stays: true,
  },
  "stays if somebody else uses it by then": {
    before: () => ":",
    between: (folder) => `: >${folder}/own`,
    stays: true,
  },
};

describe("after a policy of page sizes", function () {
  this.timeout(120_000);
  let host: LightHost;
  const path = process.env["PATH"];
  beforeEach(async () => {
    host = await LightHost.start({ "/usr/sbin/update-grub": "#!/bin/sh\nexit 0\n" });
    process.env["PATH"] = `${host.shell}:${path}`;
    mock.method(console, "log", () => {});
  });
  afterEach(async () => {
    process.env["PATH"] = path;
    mock.restoreAll();
    await host?.stop();
  });

  for (const [what, { path: file, declare }] of Object.entries(places)) {
    const folder = file.slice(0, file.lastIndexOf("/"));
    for (const [name, { before, between, stays }] of Object.entries(cases)) {
      it(`the folder of ${what} ${name}`, async () => {
        // By other means each time, as facts of the host before would count for half a minute.
        const become = { method: "none", password: `${what} ${name}` };
        const connection = { host: "localhost", transport: "local", user: "root" };
        host.run(`rm -rf ${folder}; ${before(folder)}`);
        const made = await create(kind, { owner: "p/s/pages", connection, become, ...declare });
        assert.equal(host.run(`ls ${folder}`), `${file.slice(folder.length + 1)}\n`);
        host.run(between(folder));
        mock.timers.enable({ apis: ["Date"], now: Date.now() + 60_000 });
        await remove(kind, made.id, made.outs);
        mock.timers.reset();
        const left = host.run(`ls ${file} 2>/dev/null; ls -d ${folder} 2>/dev/null || :`);
        assert.equal(left, stays ? `${folder}\n` : "");
      });
    }
  }
});
