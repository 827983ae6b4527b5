import { strict as assert } from "node:assert";
import { join } from "node:path";
import { LightHost } from "../support/sandbox/lightHost";
import { beginTrial } from "../support/trials";
import { Project } from "./support/project";

/** A host of this program, and others as another stack tells of them. */
const program = `
const hostmem = require("pulumi-hostmem");
const settings = JSON.parse(process.env.TEST_SETTINGS);
const connection = { host: "localhost", transport: "local", user: "root" };
const host = new hostmem.ComputeHost("compute-1", {
  connection,
  become: "none",
  allowHazards: ["guests-in-ram"],
  ...settings.host,
});
const others = Array.from({ length: settings.others ?? 1 }, (_, index) => ({
  nova: "26.2.2", libvirt: "9.0.0", qemu: "7.2.22", basePageKib: 4, pageSizes: [4], pmem: [], postCopy: false,
  fileBacked: settings.otherFiles ?? false, host: "elsewhere-" + index + ".example.net",
}));
const group = new hostmem.LiveMigrationGroup("gold", { members: [host, ...others], ...settings.group });
exports.profile = host.liveMigration.profile;
exports.classes = group.classes;
exports.incompatible = group.incompatible;
exports.markdown = group.markdown();
exports.html = group.html();
`;

const plainHost = { liveMigration: {} };
const fileHost = { liveMigration: {}, fileBackedMemory: { capacity: "1 GiB", memoryBackingDir: "/srv/guest-memory" } };

describe("live migration of a planned host, with the real CLI", function () {
  this.timeout(600_000);
  let host: LightHost;
  let project: Project;
  before(async () => {
    host = await LightHost.start();
    host.run("mkdir -p /srv/guest-memory && mount -t tmpfs -o size=2g tmpfs /srv/guest-memory");
    // Its pools are this machine's, which other tests may borrow.
    host.run("for each in /sys/devices/system/node/node[0-9]*/hugepages; do mount -t tmpfs tmpfs $each; done");
    project = await Project.create({
      program: { javascript: program },
      environment: { PATH: `${host.shell}:${process.env["PATH"]}` },
    });
  });
  after(async () => {
    project?.remove();
    await host?.stop();
  });

  const settings = (value: Record<string, unknown>) => ({ environment: { TEST_SETTINGS: JSON.stringify(value) } });
  const stateOf = async (name: string) =>
    (await project.exportStack()).deployment.resources?.find(({ urn }) => urn.endsWith(`::${name}`));
  const warningsIn = (diagnostics: { message: string }[]) =>
    diagnostics.map(({ message }) => message).filter((message) => /warning: guests /.test(message));

  it("says at preview what the host will be, and warns where it then goes with others no more", async () => {
    const prove = beginTrial("live migration, by the CLI", "a host that becomes file-backed", [
      "warned by the plan",
      "saved plan holds",
      "nothing left to do",
      "refreshed",
    ]);
    const before = await project.preview(settings({ host: plainHost }));
    assert.deepEqual(warningsIn(before.diagnostics), []);

    const planFile = join(project.directory, "..", "plan.json");
    const preview = await project.preview({ ...settings({ host: fileHost }), planFile });
    assert.match(
      warningsIn(preview.diagnostics).join("\n"),
      /guests with hw:mem_page_size=small, with hw:mem_page_size=any break on the way from \w to \w: Nova does not look/,
    );
    prove("warned by the plan");

    await project.up({ ...settings({ host: fileHost }), planFile });
    const { outputs } = (await stateOf("gold"))!;
    const classes = outputs!["classes"] as { hosts: string[]; traits: { fileBacked: boolean } }[];
    assert.deepEqual(classes.map(({ hosts, traits }) => [traits.fileBacked, hosts.length]).sort(), [
      [false, 1],
      [true, 1],
    ]);
    prove("saved plan holds");

    await project.preview({ ...settings({ host: fileHost }), expectNoChanges: true });
    prove("nothing left to do");
    await project.refresh({ ...settings({ host: fileHost }), expectNoChanges: true });
    prove("refreshed");
  });

  it("refuses to change any host if it is told to", async () => {
    const prove = beginTrial("live migration, by the CLI", "onIncompatible: fail", ["refused", "nothing changed"]);
    const files = host.files(["/"]);
    const value = { host: fileHost, otherFiles: false, group: { onIncompatible: "fail" } };
    const preview = await project.preview({ ...settings(value), mustSucceed: false });
    assert.notEqual(preview.code, 0);
    assert.match(preview.stdout + preview.stderr, /members: guests [\s\S]*Make the hosts alike/);
    prove("refused");
    assert.deepEqual(host.files(["/"]), files);
    prove("nothing changed");
  });

  it("notices a setting that somebody changed on the host, and records it without touching the host", async () => {
    host.run("sed -i 's/^\\[libvirt\\]/[libvirt]\\nlive_migration_permit_post_copy = True/' /etc/nova/nova.conf");
    const files = host.files(["/etc", "/var/lib/hostmem"]);
    const preview = await project.preview(settings({ host: fileHost, otherFiles: true }));
    assert.match(warningsIn(preview.diagnostics).join("\n"), /live_migration_permit_post_copy is set here/);
    const up = await project.up(settings({ host: fileHost, otherFiles: true }));
    assert.deepEqual(host.files(["/etc", "/var/lib/hostmem"]), files);
    assert.ok((up.changes["update"] ?? 0) >= 1, JSON.stringify(up.changes));
    await project.preview({ ...settings({ host: fileHost, otherFiles: true }), expectNoChanges: true });
  });

  it("keeps a small state for a thousand hosts, without a dependency on any", async () => {
    const prove = beginTrial("live migration, by the CLI", "a thousand hosts", ["small state"]);
    await project.up(settings({ host: fileHost, others: 1000 }));
    const group = (await stateOf("gold"))!;
    const size = JSON.stringify(group).length;
    assert.ok(size < 8000, `${size} characters`);
    assert.match(JSON.stringify(group.outputs), /elsewhere-\[0-999\]\.example\.net/);
    prove("small state");
  });

  it("is destroyed with nothing left on the host", async () => {
    await project.destroy(settings({ host: fileHost }));
    assert.deepEqual(
      Object.keys(host.files(["/var/lib/hostmem"])).filter((path) => path.includes("objects")),
      [],
    );
  });
});
