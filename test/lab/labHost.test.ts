import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { compareRecords, recordHost } from "../support/lab/hostRecord";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { execute, retryFor } from "../support/lab/process";
import { compareUpper, recordUpper } from "../support/lab/upperRecord";
import { itInFullRuns } from "../support/sampled";
import { ssh, tracesOf } from "./support/outside";

describe("a light lab host", function () {
  this.timeout(60_000);
  let host: LabHost;
  before(async function () {
    this.timeout(20 * 60_000); // The first run on a machine builds the image.
    host = await startLabHost({ kind: "light" });
  });
  after(() => host?.destroy());

  it("lets the user in by key, once its host key is known, and lets him become root", async () => {
    const login = await ssh(host, "sudo -n true && id -un");
    assert.equal(login.stdout, "deploy\n", login.stderr);
    const stranger = await ssh(host, "id", { knownHosts: "/dev/null" });
    assert.equal(stranger.exitCode, 255);
    assert.match(stranger.stderr, /Host key verification failed/);
  });

  it("has two blank disks that it can write to, under stable names", async () => {
    for (const [index, disk] of host.disks.entries()) {
      await host.fail(`blkid --probe ${disk}`);
      await host.succeed(
        `mkfs.xfs -q ${disk} && mount ${host.disksById[index]} /mnt && touch /mnt/written && umount /mnt`,
      );
    }
  });

  it("mounts by fstab at boot what is there, and comes up without what is not", async () => {
    const uuid = (
      await host.succeed(`mkfs.ext4 -q -F ${host.disks[0]} && blkid --probe -s UUID -o value ${host.disks[0]}`)
    ).trim();
    await host.succeed(
      `mkdir /srv/store; echo 'UUID=${uuid} /srv/store ext4 nofail,x-systemd.device-timeout=3 0 2' >> /etc/fstab`,
    );
    await host.reboot();
    await host.waitForUnit("srv-store.mount", 10);
    await host.succeed("mountpoint /srv/store");

    await host.stop();
    host.plugDisk(0, false);
    await host.start();
    await host.fail(`test -e ${host.disks[0]} || mountpoint /srv/store`);
    host.plugDisk(0, true);
    await host.crash();
    await host.start();
    await host.waitForUnit("srv-store.mount", 10);
  });

  it("tells what failed: command, exit code, output", async () => {
    await assert.rejects(host.succeed("echo said; exit 9"), /must succeed: echo said[\s\S]*exit code 9[\s\S]*said/);
    await assert.rejects(host.fail("echo fine"), /must fail: echo fine[\s\S]*exit code 0/);
    await assert.rejects(host.waitForUnit("no-such.service", 1), /no-such.service/);
    await host.waitForUnit("ssh.service", 10);
  });

  it("keeps its files over a reboot, a power-off and a crash", async () => {
    await host.writeFile("/etc/kept", "content\n", { mode: "0600", owner: "deploy" });
    const boots = [await host.succeed("cat /proc/1/stat | cut -d' ' -f22")];
    for (const restart of [
      () => host.reboot(),
      () => host.stop().then(() => host.start()),
      () => host.crash().then(() => host.start()),
    ]) {
      await restart();
      boots.push(await host.succeed("cat /proc/1/stat | cut -d' ' -f22"));
      assert.equal(await host.succeed("stat -c '%a %U' /etc/kept; cat /etc/kept"), "600 deploy\ncontent\n");
      assert.equal((await ssh(host, "true")).exitCode, 0);
    }
    assert.equal(new Set(boots).size, 4);
  });

  it("looks the same from outside before and after a login, and shows what a change did", async () => {
    const [record, upper] = [await recordHost(host), recordUpper(host)];
    await ssh(host, "sudo -n cat /etc/shadow");
    assert.deepEqual(compareRecords(record, await recordHost(host)), []);
    assert.deepEqual(compareUpper(upper, recordUpper(host)), []);

    await host.succeed("mount -t tmpfs none /srv; echo '# changed' >> /etc/fstab; chmod 600 /etc/issue");
    const differences = compareRecords(record, await recordHost(host)).join("\n");
    assert.match(differences, /file \/etc\/fstab: [\s\S]*\+ # changed/);
    assert.match(differences, /file \/etc\/issue: was file 0644 .* is file 0600/);
    assert.match(differences, /mount \/srv: new, none tmpfs/);
    const written = compareUpper(upper, recordUpper(host)).map((line) => line.split(":")[0]);
    assert.deepEqual(written, ["/etc/fstab", "/etc/issue"]);
  });

  it("leaves nothing behind", async () => {
    await host.succeed("chattr +i /srv; setsid sleep 1000 > /dev/null 2>&1 &");
    assert.notDeepEqual(await tracesOf(host), []);
    await host.destroy();
    assert.deepEqual(await tracesOf(host), []);
  });
});

describe("lab hosts and the processes that start them", function () {
  this.timeout(60_000);
  const library = path.join(__dirname, "../support/lab");
  const cli = (...args: string[]) => execute(process.execPath, [path.join(library, "cli.js"), ...args]);

  it("a host ends with the process that started it, even a killed one", async () => {
    const program = `
      require(${JSON.stringify(path.join(library, "labHost.js"))}).startLabHost({ kind: "light" }).then((host) => {
        console.log(JSON.stringify({ name: host.name, address: host.address }));
        setInterval(() => {}, 1000);
      });`;
    const owner = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(owner.stdout, "data")) as [Buffer];
    const host = JSON.parse(line.toString());
    assert.notDeepEqual(await tracesOf(host), []);
    owner.kill("SIGKILL");
    await retryFor(20, "the host is removed", async () => assert.deepEqual(await tracesOf(host), []));
  });

  it("a host started by hand stays, can be entered, and goes when told to", async () => {
    const name = `by-hand-${process.pid}`;
    const up = await cli("up", "--kind", "light", "--name", name);
    try {
      assert.equal(up.exitCode, 0, up.stderr);
      assert.match(up.stdout, new RegExp(`^name +${name}$`, "m"));
      assert.equal((await cli("ssh", name, "sudo", "hostname")).stdout, `${name}\n`);
      assert.equal((await cli("ssh", name, "exit 4")).exitCode, 4);
      assert.match((await cli("list")).stdout, new RegExp(`^${name}\tlight\t.*\trunning\tstays$`, "m"));
      assert.match((await cli("up", "--kind", "light", "--name", name)).stderr, /exists already/);
    } finally {
      assert.equal((await cli("down", name)).exitCode, 0);
    }
    assert.doesNotMatch((await cli("list")).stdout, new RegExp(name));
  });

  it("asking for what does not exist is an error that says so", async () => {
    for (const args of [["ssh", "nobody"], ["down", "nobody"], ["down"], ["up", "--kind", "heavy"], ["dance"]]) {
      const result = await cli(...args);
      assert.notEqual(result.exitCode, 0);
      assert.match(result.stderr, /no lab host named nobody|name a host|--kind heavy|prepare/);
    }
  });
});

describe("a lab host with Nova", function () {
  this.timeout(120_000);
  let host: LabHost;
  before(async function () {
    this.timeout(20 * 60_000);
    host = await startLabHost({ kind: "nova" });
  });
  after(() => host?.destroy());

  itInFullRuns("runs the services of a compute host, none of them failed", async () => {
    for (const unit of ["libvirtd", "nova-compute", "nova-api", "placement-api"]) {
      await host.waitForUnit(unit, 30);
    }
    assert.equal(await host.succeed("systemctl --failed --no-legend"), "");
    assert.deepEqual(await host.cloud.computeServiceState(), { state: "up", status: "enabled" });
  });

  itInFullRuns("logs where the distribution has it, not to the journal", async () => {
    assert.match(await host.readFile("/var/log/nova/nova-compute.log"), /Starting compute node \(version /);
    assert.doesNotMatch(await host.succeed("journalctl --unit nova-compute --no-pager"), /Starting compute node/);
  });

  itInFullRuns("is not yet using file-backed memory", async () => {
    const assignment = /^\s*(file_backed_memory|ram_allocation_ratio|reserved_host_memory_mb)\s*=/m;
    assert.doesNotMatch(await host.readFile("/etc/nova/nova.conf"), assignment);
    assert.doesNotMatch(await host.readFile("/etc/nova/nova-compute.conf"), assignment);
    const memory = (await host.cloud.placementInventory())["MEMORY_MB"];
    assert.equal(memory?.reserved, 512);
    assert.equal(memory?.allocation_ratio, 1.5);
    assert.ok(memory && memory.total > 1024, `placement's total is ${memory?.total} MiB`);
  });

  itInFullRuns("runs a server, in ordinary memory", async () => {
    const server = await host.cloud.bootServer({ name: "ordinary", ramMb: 64 });
    assert.equal(server.status, "ACTIVE", server.fault);
    const domain = await host.succeed(`virsh dumpxml ${server.instanceName}`);
    assert.match(domain, /<memory unit='KiB'>65536<\/memory>/);
    assert.doesNotMatch(domain, /<memoryBacking>/);
    assert.deepEqual(await host.cloud.memoryFiles(), []);
    await host.cloud.deleteServer(server.id);
    assert.equal(await host.cloud.serverStatus(server.id), undefined);
  });

  itInFullRuns("gives Nova's reason for a server that cannot be", async () => {
    const server = await host.cloud.bootServer({ name: "too-large", ramMb: 1024 * 1024 });
    assert.equal(server.status, "ERROR");
    assert.match(server.fault ?? "", /No valid host was found/);
    await host.cloud.deleteServer(server.id);
  });

  itInFullRuns("shows a daemon that is older than its configuration", async () => {
    const before = await recordHost(host);
    assert.equal(before.entries["daemon libvirtd"], "as configured");
    assert.equal(before.entries["daemon nova-compute"], "as configured");
    await host.succeed("echo '# touched' >> /etc/libvirt/qemu.conf; echo '# touched' >> /etc/nova/nova.conf");
    const differences = compareRecords(before, await recordHost(host)).join("\n");
    assert.match(differences, /daemon libvirtd: was as configured, is older than \/etc\/libvirt\/qemu.conf/);
    assert.match(differences, /daemon nova-compute: was as configured, is older than \/etc\/nova\/nova.conf/);
  });

  itInFullRuns("leaves nothing behind, running server and all", async () => {
    const server = await host.cloud.bootServer({ name: "left-running", ramMb: 64 });
    assert.equal(server.status, "ACTIVE", server.fault);
    await host.destroy();
    assert.deepEqual(await tracesOf(host), []);
  });
});
