import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bootedHost, leftOnHost, readReleases, releaseProgram } from "../support/releases/release";
import type { LightHost } from "../support/sandbox/lightHost";
import { beginTrial } from "../support/trials";
import { type OperationResult, Project, repository, type StackExport } from "./support/project";

const releases = readReleases();
const claims = [
  "previews empty",
  "refreshes empty",
  "newer state refused",
  "newer records refused",
  "destroyed",
] as const;
const record = "/var/lib/hostmem/objects/FileBackedMemoryConfig.json";

describe("what a release left", () => {
  it("is kept for the present one, too", () => {
    const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
    assert.ok(
      releases.some((release) => release.version === version),
      "run build/test/support/releases/record.js",
    );
  });
});

for (const release of releases) {
  describe(`the state and the host that ${release.version} left`, function () {
    this.timeout(300_000);
    let host: LightHost;
    let project: Project;
    let prove: ReturnType<typeof beginTrial<(typeof claims)[number]>>;

    before(async () => {
      prove = beginTrial("upgrades of the tool", release.version, claims);
      host = await bootedHost(release.host);
      const environment = { PATH: `${host.shell}:${process.env["PATH"]}` };
      project = await Project.create({ program: { javascript: releaseProgram }, environment });
      await project.importStack(release.state);
    });
    after(async () => {
      project?.remove();
      await host?.stop();
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
      assert.deepEqual(host.files(leftOnHost), release.host);
    }

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

    it("would be refused if the state were of a newer version", async () => {
      await project.importStack(ofVersion(release.state, 2));
      const reason =
        /this state was written by a newer pulumi-hostmem \(state version 2, this one knows 1\); install at least that version/;
      assertRefused(await project.preview({ mustSucceed: false }), reason);
      assertRefused(await project.destroy({ mustSucceed: false }), reason);
      await project.importStack(release.state);
      prove("newer state refused");
    });

    it("would be refused if the host's records were of a newer version", async () => {
      host.run(`cp -p ${record} /tmp/record; sed -i 's/"version": 1/"version": 2/' ${record}`);
      const preview = await project.preview({ mustSucceed: false });
      host.run(`cp -p /tmp/record ${record}`);
      assertRefused(
        preview,
        /\[compute-1\] \/var\/lib\/hostmem\/objects\/FileBackedMemoryConfig\.json was written by a newer pulumi-hostmem/,
      );
      prove("newer records refused");
    });

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
