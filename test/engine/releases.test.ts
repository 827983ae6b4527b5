import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asRecorded, bootedHost, diskMib, leftOnHost, readReleases, situations } from "../support/releases/release";
import { sampled } from "../support/sampled";
import type { LightHost } from "../support/sandbox/lightHost";
import { LoopDisk } from "../support/store/loopDisk";
import { beginTrial } from "../support/trials";
import { type OperationResult, Project, repository, type StackExport } from "./support/project";

const releases = readReleases();
const empty = ["previews empty", "refreshes empty"] as const;
const restart = ["restart shown", "restart done"] as const;
const refusals = ["newer state refused", "newer records refused"] as const;
type Claim = (typeof empty | typeof restart | typeof refusals)[number] | "destroyed";
/** What is refused is refused before anybody looks at what it is about. */
const [refusing] = Object.keys(situations);
const outstanding = "a restart that is outstanding";
const records = "/var/lib/hostmem/objects";

describe("what a release left", () => {
  it("is kept for the present one, too, in every situation", () => {
    const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
    const kept = [...(releases.get(version)?.keys() ?? [])];
    assert.deepEqual(kept, Object.keys(situations), "run build/test/support/releases/record.js");
  });
});

const all = [...releases].flatMap(([version, lefts]) => [...lefts].map(([name, left]) => ({ version, name, left })));
for (const { version, name, left } of sampled("what a release left", all, 2)) {
  describe(`the state and the host that ${version} left with ${name}`, function () {
    this.timeout(300_000);
    const { hasDisk } = situations[name]!;
    const program = asRecorded(version, situations[name]!.program);
    let disk: LoopDisk | undefined;
    let host: LightHost;
    let project: Project;
    let prove: ReturnType<typeof beginTrial<Claim>>;

    before(async () => {
      const most: Claim[] = name === outstanding ? [...restart] : [...empty];
      const claims: Claim[] = [...most, ...(name === refusing ? refusals : []), "destroyed"];
      prove = beginTrial("upgrades of the tool", `${version}, ${name}`, claims);
      disk = hasDisk ? LoopDisk.make(diskMib) : undefined;
      host = await bootedHost(left, disk);
      const environment = { PATH: `${host.shell}:${process.env["PATH"]}` };
      project = await Project.create({ program: { javascript: program }, environment });
      await project.importStack(left.state);
    });
    after(async () => {
      project?.remove();
      await host?.stop();
      disk?.remove();
    });

    /** Fails for one reason, said in one line to each resource, and touches nothing. */
    function assertRefused({ code, diagnostics }: OperationResult, reason: RegExp): void {
      assert.notEqual(code, 0);
      const errors = diagnostics.filter(
        ({ severity, urn }) => severity === "error" && urn?.includes("dynamic/hostmem"),
      );
      assert.notDeepEqual(errors, []);
      for (const { message } of errors) {
        assert.match(message, reason);
        assert.doesNotMatch(message, /\.js:\d|Unhandled|TypeError/);
      }
      assert.deepEqual(host.files(leftOnHost), left.host);
    }

    if (name !== outstanding) {
      it("are previewed by this version with nothing to do", async () => {
        const preview = await project.preview({ expectNoChanges: true });
        assert.deepEqual(Object.keys(preview.changes), ["same"], preview.stdout);
        prove("previews empty");
      });

      it("are refreshed by this version with nothing found", async () => {
        const refresh = await project.refresh({ expectNoChanges: true });
        assert.deepEqual(Object.keys(refresh.changes), ["same"], refresh.stdout);
        prove("refreshes empty");
      });
    }

    if (name === refusing) {
      it("would be refused if the state were of a newer version", async () => {
        await project.importStack(ofVersion(left.state, 2));
        const reason =
          /this state was written by a newer pulumi-hostmem \(state version 2, this one knows 1\); install at least that version/;
        for (const run of ["preview", "up", "refresh", "destroy"] as const)
          assertRefused(await project[run]({ mustSucceed: false }), reason);
        await project.importStack(left.state);
        prove("newer state refused");
      });

      it("would be refused if the host's records were of a newer version", async () => {
        const record = `${records}/FileBackedMemoryConfig.json`;
        const reason =
          /\[compute-1\] \/var\/lib\/hostmem\/objects\/FileBackedMemoryConfig\.json was written by a newer pulumi-hostmem/;
        for (const run of ["preview", "up", "refresh", "destroy"] as const) {
          host.run(`cp -p ${record} /tmp/record; sed -i 's/"version": 1/"version": 2/' ${record}`);
          const refused = await project[run]({ mustSucceed: false });
          host.run(`cp -p /tmp/record ${record}`);
          assertRefused(refused, reason);
        }
        await project.importStack(left.state);
        prove("newer records refused");
      });
    }

    if (name === outstanding) {
      it("have a restart that this version shows, and that its ServiceActivation does", async () => {
        assert.ok(left.host["/var/lib/hostmem/pending.json"]);
        const preview = await project.preview();
        assert.deepEqual(preview.changes, { same: 1, update: 1 });
        assert.match(preview.stdout, /\[compute-1\] restart of nova-compute is outstanding/);
        prove("restart shown");
        const more = `const { ServiceActivation } = require("pulumi-hostmem");\nnew ServiceActivation("compute-1", { connection: { host: "localhost", transport: "local" }, become });\n`;
        project.setProgram({ javascript: `${program}${more}` });
        await project.up();
        assert.deepEqual(host.run("cat /run/restarted").trim().split("\n"), ["nova-compute.service"]);
        assert.equal(host.files(leftOnHost)["/var/lib/hostmem/pending.json"], undefined);
        prove("restart done");
      });
    }

    it("are destroyed by this version without a trace", async () => {
      await project.destroy();
      const left = host.files(leftOnHost);
      assert.deepEqual(Object.keys(left).sort(), ["/etc/fstab", "/etc/libvirt/qemu.conf", "/etc/nova/nova.conf"]);
      assert.doesNotMatch(Object.values(left).join(), /file_backed_memory|guest-memory/);
      assert.doesNotMatch(host.run("cat /proc/self/mountinfo"), /guest-memory/);
      prove("destroyed");
    });
  });
}

/** The same state, as a version with another format would have left it. */
function ofVersion(state: StackExport, version: number): StackExport {
  return JSON.parse(JSON.stringify(state).replaceAll(/"stateVersion":\d+/g, `"stateVersion":${version}`));
}
