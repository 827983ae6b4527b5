import { strict as assert } from "node:assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { computeHostPlan, storePlace, storePlan, withoutCount, withoutUuid } from "../support/examplePlans";
import { compareRecords, type HostRecord } from "../support/lab/hostRecord";
import type { LabHost } from "../support/lab/labHost";
import { borrowPages, returnPages, smallPool } from "../support/lab/pages";
import { run } from "../support/lab/process";
import { compareUpper, recordUpper } from "../support/lab/upperRecord";
import { sampled } from "../support/sampled";
import { findSecret } from "../support/secrets";
import { cleanNovaHost } from "./support/cleanHost";
import { keptByNova } from "./support/keptByNova";
import { hostLines, LabStack, loginOf, operationsOf } from "./support/labStack";
import {
  appliesSince,
  expectDaemonsAsConfigured,
  expectNovaUp,
  expectPlacement,
  expectRamInPlacement,
  journalPlace,
  lineOf,
  novaConf,
  qemuConf,
  recordOf,
  startsSince,
  traces,
} from "./support/novaState";

interface Example {
  /** The folder below examples/. */
  folder: string;
  config: Record<string, string>;
  /** The key as text, as secrets of a pipeline come, or as a file, as people have it. */
  key: "text" | "file";
  /** What the user's host has before: run as root before anything is recorded, and taken back at the end. */
  prepare: string;
  tidy: string;
  /** The plan, line by line. */
  plan: string[];
  /** What placement then has; undefined where the example leaves Nova alone. */
  memoryMb: number | undefined;
  /** Where guests' memory files must be. */
  directory: string;
  /** The services that an update restarts, in their order. */
  restarts: string[];
  /** The kind of resource that a change by hand makes differ, that change, and what repairs it. */
  drift: { kind: string; byHand: string; repair: string[] };
  /** How many applies destroy it. */
  applies: number;
  /** What stays of libvirt's own doing, beside what always stays. */
  kept: RegExp[];
}

const disk = "/dev/disk/by-id/nvme-HOSTMEM_LAB_0001";
/** The file system stays with what is in it. */
const keptOnDisk = [/^disk \/dev\/hostmem-disk0: was blank, is .*TYPE=xfs/];

function memoryDrift(memoryMb: number): Example["drift"] {
  return {
    kind: "FileBackedMemoryConfig",
    byHand: `sed -i 's/^file_backed_memory *=.*/file_backed_memory = 512/' ${novaConf}`,
    repair: [`set [libvirt] file_backed_memory = ${memoryMb} (was 512) in ${novaConf}`, "restart nova-compute"],
  };
}

const examples: Example[] = [
  {
    folder: "file-backed-memory",
    config: { capacity: "2 GiB" },
    key: "text",
    prepare: ":",
    tidy: ":",
    plan: [
      `set [libvirt] file_backed_memory = 2048 (was not set) in ${novaConf}`,
      `set [DEFAULT] ram_allocation_ratio = 1.0 (was not set) in ${novaConf}`,
      `set [DEFAULT] reserved_host_memory_mb = 0 (was not set) in ${novaConf}`,
      "restart nova-compute",
    ],
    memoryMb: 2048,
    directory: "/var/lib/libvirt/qemu/ram",
    restarts: ["nova-compute"],
    drift: memoryDrift(2048),
    applies: 1,
    kept: [],
  },
  {
    folder: "service-activation",
    config: { capacity: "768 MiB", memoryBackingDir: "/mnt/guest-memory" },
    key: "file",
    prepare: "mkfs.xfs -q -f /dev/hostmem-disk0; mount /dev/hostmem-disk0 /mnt; mkdir /mnt/guest-memory",
    tidy: "umount /mnt; blkdiscard -f /dev/hostmem-disk0",
    plan: [
      `set [libvirt] file_backed_memory = 768 (was not set) in ${novaConf}`,
      `set [DEFAULT] ram_allocation_ratio = 1.0 (was not set) in ${novaConf}`,
      `set [DEFAULT] reserved_host_memory_mb = 0 (was not set) in ${novaConf}`,
      `set memory_backing_dir = /mnt/guest-memory (was not set) in ${qemuConf}`,
      "restart libvirtd, then nova-compute",
    ],
    memoryMb: 768,
    directory: "/mnt/guest-memory/libvirt/qemu",
    restarts: ["libvirtd", "nova-compute"],
    drift: memoryDrift(768),
    applies: 1,
    // libvirt makes the folders below memory_backing_dir at its start, and leaves them when it is told another one.
    kept: [/^file \/mnt\/guest-memory\/libvirt(\/qemu)?: new, folder/],
  },
  {
    folder: "backing-store",
    config: { device: disk },
    key: "text",
    prepare: ":",
    tidy: "blkdiscard -f /dev/hostmem-disk0",
    plan: storePlan(disk),
    memoryMb: undefined,
    directory: storePlace,
    restarts: [],
    drift: { kind: "BackingStore", byHand: `umount ${storePlace}`, repair: [`mount ${storePlace}`] },
    applies: 1,
    kept: keptOnDisk,
  },
  {
    folder: "page-size-policy",
    config: { pages: "8" },
    key: "text",
    prepare: ":",
    tidy: ":",
    plan: [
      "set pool of 2 MiB pages on node 0 to 8 (was 0)",
      "set at boot by hostmem-huge-pages.service: 8 x 2 MiB pages on node 0",
      `add [DEFAULT] reserved_huge_pages = node:0,size:1048576,count:… in ${novaConf}`,
      "restart nova-compute",
    ],
    memoryMb: undefined,
    directory: storePlace,
    restarts: ["nova-compute"],
    drift: {
      kind: "PageSizePolicy",
      byHand: `echo 5 > ${smallPool}/nr_hugepages`,
      repair: ["set pool of 2 MiB pages on node 0 to 8 (was 5)", "restart nova-compute"],
    },
    applies: 1,
    kept: [],
  },
  {
    folder: "compute-host",
    config: { device: disk, capacity: "768 MiB" },
    key: "file",
    prepare: ":",
    tidy: "blkdiscard -f /dev/hostmem-disk0",
    plan: computeHostPlan(disk, 768),
    memoryMb: 768,
    directory: storePlace,
    restarts: ["nova-compute"],
    drift: memoryDrift(768),
    applies: 2,
    kept: keptOnDisk,
  },
];

for (const example of sampled("examples", examples, 1)) {
  describe(`examples/${example.folder} on a real Nova, from nothing and back`, function () {
    this.timeout(240_000);
    let host: LabHost;
    let stack: LabStack;
    let record: HostRecord;
    let keys: string;
    let login: Record<string, unknown>;

    before(async function () {
      this.timeout(20 * 60_000);
      if (example.config["pages"]) await borrowPages();
      host = await cleanNovaHost();
      keys = mkdtempSync("/tmp/hostmem-keys-");
      await host.succeed(example.prepare);
      record = await recordOf(host);
      login = withKey(example, loginOf(host), host.connection.privateKeyFile);
      stack = await LabStack.create(host, {
        program: { folder: `examples/${example.folder}` },
        config: example.config,
        connection: login,
      });
    });
    after(async () => {
      stack?.remove();
      await host?.copyTo(`${host.connection.privateKeyFile}.pub`, "/home/deploy/.ssh/authorized_keys");
      if (keys) rmSync(keys, { recursive: true, force: true });
      await host?.execute(example.tidy);
      returnPages();
    });

    it("preview prints the exact steps and changes nothing on the host", async () => {
      const upper = recordUpper(host);
      const preview = await stack.preview();
      assert.deepEqual(hostLines(preview).map(withoutUuid).map(withoutCount), example.plan);
      assert.deepEqual(compareUpper(upper, recordUpper(host)), []);
      assert.deepEqual(compareRecords(record, await recordOf(host)), []);
    });

    /** By the files and by placement, where the example declares any. */
    async function expectMemory(): Promise<void> {
      if (example.memoryMb === undefined) return;
      assert.equal(await lineOf(host, novaConf, "file_backed_memory"), `file_backed_memory = ${example.memoryMb}`);
      await expectPlacement(host, example.memoryMb);
    }

    const offered = example.memoryMb === undefined ? "does what was shown" : "makes Nova offer the declared memory";
    it(`up ${offered}, restarting each service once and in order`, async () => {
      const place = await journalPlace(host);
      await stack.up();
      await expectMemory();
      await expectNovaUp(host);
      assert.deepEqual(await startsSince(host, place), example.restarts);
      await expectDaemonsAsConfigured(host);
    });

    if (example.memoryMb !== undefined) {
      it("a server that Nova makes has its memory in a shared file of its size", async () => {
        const server = await host.cloud.bootServer({ name: "in-a-file", ramMb: 64 });
        assert.equal(server.status, "ACTIVE", server.fault);
        const backing = /<memoryBacking>[\s\S]*<\/memoryBacking>/.exec(
          await host.succeed(`virsh dumpxml ${server.instanceName}`),
        )?.[0];
        assert.match(backing ?? "", /<source type='file'\/>/);
        assert.match(backing ?? "", /<access mode='shared'\/>/);
        const files = await host.cloud.memoryFiles();
        assert.equal(files.length, 1, files.join("\n"));
        assert.ok(files[0]!.startsWith(`${example.directory}/`), files[0]);
        assert.equal((await host.succeed(`stat -c %s '${files[0]}'`)).trim(), String(64 * 1024 * 1024));
        const place = (await host.succeed(`findmnt --noheadings --output TARGET --target '${files[0]}'`)).trim();
        if (example.config["device"]) assert.equal(place, storePlace);
        await host.cloud.deleteServer(server.id);
        assert.deepEqual(await host.cloud.memoryFiles(), []);
      });
    }

    it("a second preview and a refresh find nothing to do", async () => {
      await stack.preview({ expectNoChanges: true });
      await stack.refresh({ expectNoChanges: true });
      await stack.preview({ expectNoChanges: true });
    });

    it("a change by hand on the host shows in a plain preview and in a refresh, and up repairs it", async () => {
      const { kind, byHand, repair } = example.drift;
      await host.succeed(byHand);
      const preview = await stack.preview();
      assert.equal(operationsOf(preview)[kind], "update");
      assert.deepEqual(hostLines(preview), repair);
      for (const line of repair) assert.ok(preview.stdout.includes(line), line);

      const found = await stack.previewRefresh();
      assert.equal(found.changes["update"], 1, JSON.stringify(found.changes));
      await assert.rejects(stack.previewRefresh({ expectNoChanges: true }), /no changes were expected/);

      await stack.up();
      await expectMemory();
      await stack.preview({ expectNoChanges: true });
      await stack.refresh({ expectNoChanges: true });
    });

    it("keeps the private key out of the state, of all that was printed, and of the host", async () => {
      const secret = host.connection.privateKey;
      const texts = { ...(await whatIsKept(stack)), ...(await whatTheHostHas(host)) };
      assert.deepEqual(findSecret(texts, secret), []);
      // The search itself finds it where it is: in the configuration, decrypted.
      const config = (await stack.project.command(["config", "get", "connection"])).stdout;
      assert.deepEqual(findSecret({ config }, secret).length > 0, example.key === "text");
    });

    it("a rotated key is an update that runs nothing on the host, and is what refresh and destroy then use", async () => {
      const fresh = await newKey(keys);
      await host.succeed(`echo '${fresh.publicKey}' >> /home/deploy/.ssh/authorized_keys`);
      await stack.connect(withKey(example, { ...login, privateKey: fresh.privateKey }, fresh.file));
      await host.writeFile("/home/deploy/.ssh/authorized_keys", `${fresh.publicKey}\n`);

      const place = await journalPlace(host);
      const upper = recordUpper(host);
      const preview = await stack.preview();
      assert.deepEqual(hostLines(preview), []);
      assert.equal(operationsOf(preview)[example.drift.kind], "update");
      await stack.up();
      assert.equal(await appliesSince(host, place), 0);
      assert.deepEqual(compareUpper(upper, recordUpper(host)), []);
      await stack.refresh({ expectNoChanges: true });
    });

    it("destroy takes effect with the new key and leaves the host as it was", async () => {
      const place = await journalPlace(host);
      await stack.destroy();
      assert.equal(await appliesSince(host, place), example.applies);
      if (example.memoryMb !== undefined) await expectRamInPlacement(host);
      await expectNovaUp(host);
      assert.deepEqual(await traces(host), []);
      assert.deepEqual(compareRecords(record, await recordOf(host), [...keptByNova, ...example.kept]), []);
    });
  });
}

function withKey(example: Example, login: Record<string, unknown>, file: string): Record<string, unknown> {
  const { privateKey, privateKeyFile: _, ...rest } = login;
  return example.key === "text" ? { ...rest, privateKey } : { ...rest, privateKeyFile: file };
}

async function newKey(folder: string): Promise<{ file: string; privateKey: string; publicKey: string }> {
  const file = join(folder, "rotated");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "rotated", "-f", file]);
  return { file, privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}

/** All that this machine keeps of the stack: exported state, the backend's files, everything printed. */
async function whatIsKept(stack: LabStack): Promise<Record<string, string>> {
  const texts: Record<string, string> = {
    export: (await stack.project.command(["stack", "export"])).stdout,
    printed: stack.printed.join("\n"),
  };
  const state = join(stack.project.directory, "..", "state");
  for (const file of readdirSync(state, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (file.isFile()) texts[path] = readFileSync(path, "latin1");
  }
  return texts;
}

async function whatTheHostHas(host: LabHost): Promise<Record<string, string>> {
  return {
    "our files on the host": await host.succeed("find /var/lib/hostmem -type f -exec cat {} +"),
    "the host's journal": await host.succeed("journalctl -q -a --no-pager -o export"),
  };
}
