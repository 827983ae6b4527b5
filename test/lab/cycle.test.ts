import { strict as assert } from "node:assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { storePlace, withoutCount, withoutUuid } from "../support/examplePlans";
import { compareRecords, type HostRecord } from "../support/lab/hostRecord";
import type { LabHost } from "../support/lab/labHost";
import { borrowPages, returnPages } from "../support/lab/pages";
import { run } from "../support/lab/process";
import { compareUpper, recordUpper } from "../support/lab/upperRecord";
import { sampled } from "../support/sampled";
import { findSecret } from "../support/secrets";
import { cleanNovaHost } from "./support/cleanHost";
import { type Example, examples } from "./support/examples";
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
  recordOf,
  startsSince,
  traces,
} from "./support/novaState";

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
