import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LightHost } from "../support/sandbox/lightHost";
import { beginTrial } from "../support/trials";
import { named, plain } from "../unit/migration/hosts";
import { Project } from "./support/project";

const command = resolve(__dirname, "../../provider/command/main.js");

const program = `
const { LiveMigrationConfig, LiveMigrationGroup } = require("pulumi-hostmem");
const connection = { host: "localhost", transport: "local", user: "root" };
const host = new LiveMigrationConfig("compute-1", { connection, become: "none" });
const other = host.profile.apply((profile) => ({ ...profile, host: "compute-2", pageSizes: [4] }));
const group = new LiveMigrationGroup("gold", { members: [host, other] });
exports.profiles = [host.profile];
exports.guests = group.preflight(
  process.env.TEST_PREFLIGHT ? JSON.parse(process.env.TEST_PREFLIGHT) : { connection, become: "none" });
`;

/** A guest as libvirt keeps it while it runs. */
const guest = (id: number, { more = "", owner = true } = {}) => `<domstatus state='running' pid='1'>
  <domain type='kvm' id='${id}'>
    <name>instance-0000000${id}</name>
    <uuid>5f0a2cf2-1f0a-4d0e-9f3b-00000000000${id}</uuid>
${owner ? `    <nova:instance xmlns:nova="urn:n">\n      <nova:name>guest ${id}</nova:name>\n      <nova:extraSpecs/>\n` : ""}
    <memory unit='KiB'>2097152</memory>
${more}
  </domain>
</domstatus>
`;
const paged = `      <hugepages>
        <page size='2048' unit='KiB' nodeset='0'/>
        <cell id='0' cpus='0' memory='2097152' unit='KiB'/>
          <nova:extraSpec name="hw:mem_page_size">large</nova:extraSpec>`;

const there = named("compute-7", plain);

describe("a pre-flight of a host's running guests", function () {
  this.timeout(600_000);
  let host: LightHost;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-preflight-"));
    host = await LightHost.start();
    host.run("for each in /sys/devices/system/node/node[0-9]*/hugepages; do mount -t tmpfs tmpfs $each; done");
  });
  after(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** These guests run on the host, and no other. */
  function run(guests: string[]): void {
    host.run("rm -rf /run/libvirt/qemu; mkdir -p /run/libvirt/qemu");
    for (const [index, xml] of guests.entries()) host.run(`cat > /run/libvirt/qemu/${index}.xml <<'END'\n${xml}END\n`);
  }

  const fileOf = (name: string, value: unknown) => {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };

  function preflight(words: string[], input = "") {
    const environment = { ...process.env, PATH: `${host.shell}:${process.env["PATH"]}` };
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...words], {
      input,
      env: environment,
      encoding: "utf8",
      timeout: 240_000,
    });
    return { status, stdout, stderr };
  }

  it("says of each guest where it can go and why not, changes nothing, and exits with 1 if one must stay", () => {
    const prove = beginTrial("pre-flights", "by the command", ["told", "nothing changed"]);
    run([guest(1), guest(2, { more: paged }), guest(3, { owner: false })]);
    const files = host.files(["/"]);
    const more = [
      { ...there, host: "old", qemu: "6.2.0" },
      { ...there, host: "files", fileBacked: true },
    ];
    const others = [there, { ...there, host: "compute-8" }, ...more];
    const { status, stdout, stderr } = preflight(["preflight", "local", "--to", fileOf("others", others)]);
    assert.equal(stderr, "");
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines[0]!, /: memory in RAM; Nova 26\.2\.2; libvirt 9\.0\.0; QEMU 7\.2\.22; /);
    const refused = "  is refused by Nova to old: QEMU is older there (6.2.0) than here (7.2.22)";
    assert.equal(
      lines[1],
      "guest 1 (instance-00000001, 5f0a2cf2-1f0a-4d0e-9f3b-000000000001): 2048 MiB, memory in RAM, without page size or persistent memory",
    );
    assert.equal(lines[2], "  can go to compute-[7-8]");
    assert.ok(lines[3]!.startsWith(refused), lines[3]);
    assert.match(
      lines[4]!,
      /^ {2}breaks on the way to files: Nova has its memory put into files there, which libvirt refuses/,
    );
    assert.match(lines[5]!, /^guest 2 \(.*\): 2048 MiB, memory in RAM, with hw:mem_page_size=large$/);
    assert.match(lines[6]!, /^ {2}is refused by Nova to compute-\[7-8\], files: the host there has no huge pages/);
    assert.match(lines[8]!, /^instance-00000003: 2048 MiB/);
    assert.equal(
      lines[9],
      "  is refused by Nova to compute-[7-8], files, old: it is not Nova's: libvirt alone knows it",
    );
    assert.match(
      lines[10]!,
      /^of the 3 guests that run on .*, 2 can go to none of these hosts: guest 2 .*, instance-00000003$/,
    );
    assert.deepEqual([lines.length, status], [11, 1]);
    prove("told");
    assert.deepEqual(host.files(["/"]), files);
    prove("nothing changed");
  });

  it("exits with 0 if every guest can go, or none runs, and prints JSON on request", () => {
    run([guest(1)]);
    const { status, stdout } = preflight(["preflight", "local", "--to", "-", "--json"], JSON.stringify(there));
    assert.equal(status, 0);
    const { guests } = JSON.parse(stdout) as { guests: { guest: string; to: unknown[] }[] };
    assert.deepEqual(
      guests.map(({ guest, to }) => ({ guest, to })),
      [
        {
          guest: "instance-00000001",
          to: [{ hosts: ["compute-7"], outcome: "works", reason: "" }],
        },
      ],
    );
    run([]);
    const none = preflight(["preflight", "local", "--to", fileOf("one", there)]);
    assert.equal(none.status, 0);
    assert.match(none.stdout, /\nno guest runs on \S+\n$/);
  });

  it("names hosts that cannot be read in clean lines, judges with the others, and exits with 3", () => {
    run([guest(1)]);
    const quick = fileOf("quick", { connection: { dialErrorLimit: 0 } });
    const one = fileOf("one", there);
    const found = preflight(["preflight", "local", "root@127.0.0.1:1", "--to", one, "--connection", quick]);
    assert.equal(found.status, 3, found.stderr);
    assert.match(found.stderr, /^\[127\.0\.0\.1\] /);
    assert.doesNotMatch(found.stderr, /\n\s+at /);
    assert.match(found.stdout, /can go to compute-7/);
    const none = preflight(["preflight", "root@127.0.0.1:1", "--to", one, "--connection", quick]);
    assert.deepEqual([none.status, none.stdout], [3, ""]);
  });

  it("refuses before it reads any host what cannot be meant, and exits with 2", () => {
    for (const words of [
      ["preflight", "local"],
      ["preflight", "local", "--to", "/nowhere"],
      ["preflight", "local", "--to", fileOf("bad", [{ host: "a" }])],
      ["preflight", "lo cal", "--to", fileOf("one", there)],
      ["preflight", "local", "--connection", fileOf("host", { connection: { host: "b" } }), "other"],
    ]) {
      const { status, stdout, stderr } = preflight(words);
      assert.deepEqual([status, stdout], [2, ""], words.join(" "));
      assert.match(stderr, /^.+\n(.+\n)*See pulumi-hostmem --help\n$/);
    }
  });

  it("reads a host that is run in another way where it is told to look", () => {
    run([guest(1)]);
    host.run("mkdir -p /srv/nova && printf '[libvirt]\\nfile_backed_memory = 1024\\n' > /srv/nova/nova.conf");
    const elsewhere = fileOf("elsewhere", { installation: { novaConfig: ["/srv/nova/nova.conf"] } });
    const { stdout, stderr } = preflight([
      "preflight",
      "local",
      "--to",
      fileOf("one", there),
      "--connection",
      elsewhere,
    ]);
    assert.match(stdout, /^\S+: file-backed memory; /, stderr);
  });

  it("is an output of a group, in a preview as well, and an error of it is two lines", async () => {
    const prove = beginTrial("pre-flights", "as an output", ["told", "not kept", "clean error"]);
    run([guest(1), guest(2, { more: paged })]);
    const environment = { PATH: `${host.shell}:${process.env["PATH"]}` };
    const project = await Project.create({ program: { javascript: program }, environment });
    try {
      await project.up();
      const told = await project.command(["stack", "output", "guests", "--json"]);
      const guests = JSON.parse(told.stdout) as { guest: string; to: { hosts: string[]; outcome: string }[] }[];
      assert.deepEqual(
        guests.map(({ guest, to }) => [guest, to.map(({ outcome, hosts }) => [outcome, hosts])]),
        [
          ["instance-00000001", [["works", ["compute-2"]]]],
          ["instance-00000002", [["refused", ["compute-2"]]]],
        ],
      );
      prove("told");
      // What runs is in no resource: it would differ from run to run.
      run([guest(1)]);
      await project.preview({ expectNoChanges: true });
      prove("not kept");
      const connection = { host: "127.0.0.1", port: 1, dialErrorLimit: 0 };
      const failed = await project.preview({
        environment: { TEST_PREFLIGHT: JSON.stringify({ connection }) },
        mustSucceed: false,
      });
      assert.notEqual(failed.code, 0);
      assert.match(failed.stdout + failed.stderr, /\[127\.0\.0\.1\] /);
      assert.doesNotMatch(failed.stdout + failed.stderr, /\n\s+at .*\.js:\d+/);
      prove("clean error");
      await project.destroy();
    } finally {
      project.remove();
    }
  });
});
