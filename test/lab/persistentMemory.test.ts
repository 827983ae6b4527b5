import { strict as assert } from "node:assert";
import { CoreHost } from "../support/fault/coreHost";
import { compareRecords, type HostRecord, recordHost } from "../support/lab/hostRecord";
import type { LabHost } from "../support/lab/labHost";
import { novaVersions } from "../support/novaPages/oracle";
import { askNova } from "../support/novaPmem/oracle";
import { itInFullRuns } from "../support/sampled";
import { hostLines, LabStack } from "./support/labStack";
import { novaConf, traces } from "./support/novaState";
import { cutAtNamespace, foundByNova, guestWith, listNamespaces, startPmemHost } from "./support/pmemHost";

const mib = 1024 ** 2;
const timeoutSeconds = 900;

describe("persistent memory on an emulated machine with an NVDIMM", function () {
  this.timeout(1_800_000); // Emulated processors, and perhaps not for themselves: for full runs.
  let host: LabHost;
  let core: CoreHost;
  let record: HostRecord;

  const uuids = async () => {
    const listed = JSON.parse((await host.succeed("ndctl list --namespaces")) || "[]") as {
      name: string;
      uuid: string;
    }[];
    return new Map(listed.map(({ name, uuid }) => [name, uuid] as const).sort());
  };
  const small = (name: string, others: Record<string, unknown> = {}) => ({
    name,
    label: "SMALL",
    size: "128 MiB",
    ...others,
  });
  const declared = (namespaces: object[], others: Record<string, unknown> = {}) => ({
    PersistentMemory: { namespaces, healthTimeoutSeconds: 600, ...others },
  });
  /** libvirtd ends when nobody has asked it anything for two minutes, and starts by its socket. */
  const recorded = async () => {
    await host.succeed("virsh -q list > /dev/null", { seconds: 300 });
    return recordHost(host);
  };
  const conf = () => host.succeed(`grep pmem_namespaces ${novaConf} || :`);

  before(async function () {
    this.timeout(30 * 60_000); // The first run on a machine builds the image.
    host = await startPmemHost("pmem");
    core = new CoreHost(host);
    record = await recorded();
  });
  after(() => host?.destroy());

  itInFullRuns("the example is previewed, made, found in order, and taken back by the real CLI", async () => {
    const stack = await LabStack.create(host, {
      program: { folder: "examples/persistent-memory" },
      config: { size: "128 MiB" },
    });
    try {
      const before = await listNamespaces(host);
      const plan = [
        ...["guest-0", "guest-1"].map(
          (name) => `create the devdax namespace ${name} of 128 MiB in region0, 124 MiB usable, aligned to 2 MiB`,
        ),
        `set [libvirt] pmem_namespaces = SMALL:guest-0|guest-1 (was not set) in ${novaConf}`,
        "restart nova-compute",
      ];
      assert.deepEqual(hostLines(await stack.preview({ timeoutSeconds })), plan);
      assert.equal(await listNamespaces(host), before, "a preview changes nothing");
      assert.deepEqual(compareRecords(record, await recorded()), []);

      await stack.up({ timeoutSeconds });
      const listed = JSON.parse(await host.succeed("ndctl list --namespaces")) as { name: string; size: number }[];
      assert.deepEqual(listed.map(({ name, size }) => [name, size / mib]).sort(), [
        ["guest-0", 124],
        ["guest-1", 124],
      ]);
      const outputs = await stack.outputsOf("PersistentMemory");
      assert.deepEqual(outputs?.["usableMb"], { "guest-0": 124, "guest-1": 124 });
      assert.deepEqual(outputs?.["inventory"], { CUSTOM_PMEM_NAMESPACE_SMALL: 2 });
      assert.deepEqual(outputs?.["flavorKeys"], { SMALL: { "hw:pmem": "SMALL" } });
      assert.deepEqual(outputs?.["devices"], { "guest-0": "/dev/dax0.0", "guest-1": "/dev/dax0.1" });
      await stack.preview({ expectNoChanges: true, timeoutSeconds });
      await stack.refresh({ expectNoChanges: true, timeoutSeconds });

      const nova = await foundByNova(host);
      assert.ok("inventory" in nova, JSON.stringify(nova));
      assert.deepEqual(nova.inventory["CUSTOM_PMEM_NAMESPACE_SMALL"]?.total, 2);
      assert.deepEqual(nova.namespaces["guest-1"], {
        label: "SMALL",
        device: "/dev/dax0.1",
        size: 124 * mib,
        align: 2 * mib,
      });

      await stack.destroy({ timeoutSeconds });
      assert.deepEqual([...(await uuids()).keys()], ["guest-0", "guest-1"], "a destroy keeps namespaces");
      assert.equal(await conf(), "");
      assert.deepEqual(compareRecords(record, await recorded()), []);
      assert.deepEqual(await traces(host), []);
    } finally {
      stack.remove();
    }
  });

  itInFullRuns(
    "namespaces that are there are adopted, whoever made them, beside others that are not ours",
    async () => {
      await host.succeed(
        "ndctl create-namespace --mode=fsdax --size=64M --name=files; ndctl create-namespace --mode=raw --size=32M --name=bytes",
        { seconds: 120 },
      );
      await core.up(declared([small("guest-0"), small("guest-1")]));
      assert.deepEqual(
        core.said[0],
        `set [libvirt] pmem_namespaces = SMALL:guest-0|guest-1 (was not set) in ${novaConf}`,
      );
      // The named one for a file system does Nova no harm: it lists devdax alone.
      const nova = await foundByNova(host);
      assert.deepEqual("namespaces" in nova && Object.keys(nova.namespaces).sort(), ["guest-0", "guest-1"]);
      const listed = await host.succeed("ndctl list -X");
      for (const version of novaVersions) {
        const [answer] = await askNova(version, [{ novaConf: await host.readFile(novaConf), listed }]);
        assert.deepEqual(answer, nova, version);
      }
    },
  );

  const refusals: [what: string, namespaces: object[], message: RegExp][] = [
    [
      "a size above the free extent",
      [small("a", { size: "2 GiB" })],
      /\[0\]\.size needs 2 GiB in one piece.* region0 has [\d.]+ MiB in one piece/,
    ],
    [
      "an alignment of 8 MiB",
      [small("a", { alignment: "8 MiB" })],
      /\[0\]\.alignment cannot be made in region0.*it has 4 KiB, 2 MiB/,
    ],
    [
      "a region that is not there",
      [small("a", { region: "region5" })],
      /\[0\]\.region is not on the host, which has region0 on NUMA node 1/,
    ],
    ["a node without persistent memory", [small("a", { numaNode: 0 })], /\[0\]\.numaNode has no such region/],
    [
      "another size of one that is there",
      [small("guest-0", { size: "64 MiB" })],
      /\[0\]\.name guest-0 is on the host already, and takes 128 MiB, not 64 MiB.*consentToDestroy: \["guest-0 UUID=/,
    ],
    [
      "one for a file system",
      [small("files", { size: "64 MiB" })],
      /\[0\]\.name files is on the host already, and is fsdax, not devdax/,
    ],
    ["a label with a dash", [small("a", { label: "A-B" })], /\[0\]\.label must be of letters, digits and underscores/],
    [
      "labels that differ by case",
      [small("a"), small("b", { label: "small" })],
      /\[1\]\.label must be spelt in one way/,
    ],
  ];
  for (const [what, namespaces, message] of refusals) {
    itInFullRuns(`${what} is refused, and nothing is changed`, async () => {
      const before = await listNamespaces(host);
      const present = ["guest-0", "guest-1"].filter(
        (name) => !namespaces.some((each) => "name" in each && each.name === name),
      );
      const all = [...namespaces, ...present.map((name) => small(name))];
      await assert.rejects(core.preview(declared(all)), message);
      assert.equal(await listNamespaces(host), before);
    });
  }

  itInFullRuns("without daxio, and with the same name twice, it is refused as well", async () => {
    const both = declared([small("guest-0"), small("guest-1")]);
    await host.succeed("mv /usr/bin/daxio /usr/bin/daxio.away");
    await assert.rejects(core.preview(both), /needs daxio 1.4.1 or newer, and daxio was not found on the host/);
    await host.succeed("mv /usr/bin/daxio.away /usr/bin/daxio");
    const twin = await host.succeed("ndctl create-namespace --mode=devdax --size=32M --name=guest-0", { seconds: 120 });
    await assert.rejects(core.preview(both), /several namespaces are called guest-0/);
    await host.succeed(`ndctl destroy-namespace --force ${(JSON.parse(twin) as { dev: string }).dev}`);
    assert.deepEqual(await core.preview(both), []);
  });

  itInFullRuns("one that was disabled by hand shows, and is enabled again", async () => {
    const both = declared([small("guest-0"), small("guest-1")]);
    await host.succeed("ndctl disable-namespace namespace0.1");
    assert.deepEqual(await core.preview(both), ["enable the namespace guest-1", "restart nova-compute"]);
    await core.up(both);
    assert.match(await host.succeed("ndctl list -X"), /"chardev":"dax0\.1"/);
  });

  itInFullRuns("what a guest has is neither taken out nor given another label nor destroyed", async () => {
    const both = [small("guest-0"), small("guest-1")];
    const device = "/dev/dax0.0";
    await host.writeFile("/root/guest.xml", guestWith(device, 124));
    await host.succeed("systemctl start virtlogd; virsh define /root/guest.xml && virsh start persistent", {
      seconds: 300,
    });
    assert.match(
      await host.succeed("grep -h dax /proc/$(pgrep -f qemu-system | head -n 1)/maps"),
      /rw-s .*\/dev\/dax0\.0/,
    );
    const consent = [`guest-0 UUID=${(await uuids()).get("guest-0")}`];
    const before = await listNamespaces(host);
    const inUse = /guest-0 under the label SMALL is in use: persistent\. Nova would not know it any more/;
    for (const state of ["running", "stopped"]) {
      if (state === "stopped") await host.succeed("virsh destroy persistent");
      const without = declared([small("guest-1")], { consentToDestroy: consent });
      await assert.rejects(core.up(without), inUse, state);
      await assert.rejects(
        core.preview(declared([small("guest-0", { label: "OTHER" }), small("guest-1")])),
        inUse,
        state,
      );
      await assert.rejects(core.destroy(declared(both, { consentToDestroy: consent })), inUse, state);
      assert.equal(await listNamespaces(host), before);
    }
    await host.succeed("virsh undefine persistent; rm /root/guest.xml");
  });

  itInFullRuns("what Nova refuses is taken back, and the error has Nova's own words", async () => {
    const more = declared([small("guest-0"), small("guest-1"), small("guest-2", { label: "MORE" })]);
    // Somebody breaks it between our last look and Nova's start.
    const ndctl = (await host.succeed("command -v ndctl")).trim();
    await host.succeed(
      `mv ${ndctl} ${ndctl}.real; printf '#!/bin/sh\\n[ "$*" != "list -X" ] || { ${ndctl}.real list -X | sed s/guest-2/gone/; exit; }\\nexec ${ndctl}.real "$@"\\n' > ${ndctl}; chmod 755 ${ndctl}`,
    );
    await assert.rejects(
      core.up(more),
      /the change was taken back[\s\S]*PMEMNamespaceConfigInvalid: .*guest-2 isn't on host/,
    );
    await host.succeed(`mv ${ndctl}.real ${ndctl}`);
    assert.match(await conf(), /^pmem_namespaces = SMALL:guest-0\|guest-1$/m);
    await core.up(more);
    assert.doesNotMatch(core.said.join("\n"), /^create/m, "the namespace of the first try is found");
    assert.match(await conf(), /^pmem_namespaces = SMALL:guest-0\|guest-1,MORE:guest-2$/m);
  });

  const halfMade: [what: string, name: string, leave: (uuid: string) => string][] = [
    [
      "with labels, and raw",
      "guest-3",
      (uuid) => `ndctl create-namespace --mode=raw --size=128M --name=guest-3 --uuid=${uuid}`,
    ],
    [
      "with a UUID, and no size yet",
      "guest-4",
      (uuid) => `cd /sys/bus/nd/devices; echo ${uuid} >"$(cat region0/namespace_seed)/uuid"`,
    ],
  ];
  for (const [index, [what, made, leave]] of halfMade.entries()) {
    itInFullRuns(`what a cut run left half made is made anew: ${what}`, async () => {
      const names = ["guest-2", "guest-3", "guest-4"].slice(0, index + 2);
      const more = names.map((name) => small(name, { label: "MORE" }));
      const all = [small("guest-0"), small("guest-1"), ...more];
      const path = "/var/lib/hostmem/objects/PersistentMemory.json";
      let uuid = "";
      const change = cutAtNamespace((its) => {
        uuid = its;
      });
      await assert.rejects(core.up(declared(all), { change }));
      assert.ok((await host.readFile(path)).match(/"unfinished": \[([^\]]*)/)?.[1]?.includes(`"${made}"`));
      await host.succeed(leave(uuid), { seconds: 120 });
      await core.up(declared(all));
      assert.ok((await host.succeed("ndctl list -X")).includes(`"name":"${made}"`));
      assert.doesNotMatch(await host.readFile(path), /unfinished/);
    });
  }

  itInFullRuns("it is all there after a boot, and a boot that renumbers is noticed", async () => {
    const known = await uuids();
    const two = declared([small("guest-2", { label: "MORE" }), small("guest-3", { label: "MORE" })], {
      consentToDestroy: ["guest-0", "guest-1", "guest-4"].map((name) => `${name} UUID=${known.get(name)}`),
    });
    await core.up(two);
    assert.ok(core.said.indexOf("restart nova-compute") < core.said.findIndex((line) => line.startsWith("destroy")));
    assert.deepEqual(
      [...(await uuids()).keys()].filter((name) => name.startsWith("guest")),
      ["guest-2", "guest-3"],
    );
    await host.reboot();
    await host.waitUntilSucceeds("grep -q namespaces /run/nova-answer", 300);
    const lines = await core.preview(two);
    assert.match(lines.join("\n"), /^note that guest-2 is \/dev\/dax0\.\d now \(was \/dev\/dax0\.\d\)/);
    await core.up(two);
    assert.deepEqual(await core.preview(two), []);
    const nova = await foundByNova(host);
    assert.deepEqual("namespaces" in nova && Object.keys(nova.namespaces).sort(), ["guest-2", "guest-3"]);
  });

  itInFullRuns("a removal destroys what was consented to, and nothing else", async () => {
    const known = await uuids();
    const args = declared([small("guest-2", { label: "MORE" }), small("guest-3", { label: "MORE" })], {
      consentToDestroy: [`guest-3 UUID=${known.get("guest-3")}`],
    });
    await core.destroy(args);
    assert.deepEqual([...(await uuids()).keys()].sort(), ["bytes", "files", "guest-2"]);
    assert.equal(await conf(), "");
    assert.deepEqual(await traces(host), []);
  });
});
