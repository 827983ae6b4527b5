import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { compareRecords, recordHost } from "../support/lab/hostRecord";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { retryFor, run } from "../support/lab/process";
import { itInFullRuns } from "../support/sampled";
import { ssh, tracesOf } from "./support/outside";

/** A guest as Nova starts one with file-backed memory, without a disk: QEMU, and memory in a file. */
const guest = `<domain type='qemu'>
  <name>guest</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
  <memoryBacking>
    <source type='file'/><access mode='shared'/><allocation mode='immediate'/><discard/>
  </memoryBacking>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>
</domain>`;

describe("a vm lab host", function () {
  this.timeout(600_000); // It boots several times, and may have to share the processors.
  let host: LabHost;
  before(async function () {
    this.timeout(30 * 60_000); // The first run on a machine builds the image.
    host = await startLabHost({ kind: "vm" });
  });
  after(() => host?.destroy());

  /** What is at the beginning of each disk, by its lasting name. */
  const marks = async (names: string[]) =>
    Promise.all(names.map(async (name) => (await host.succeed(`head -c 6 ${name}`)).replaceAll("\0", "")));
  const kernelNames = () => host.succeed(`for disk in ${host.disksById.join(" ")}; do readlink -f $disk; done`);

  /** Mode and name of the NVDIMM's namespaces. */
  const namespaces = async () => {
    const found = JSON.parse(await host.succeed("ndctl list --namespaces")) as { mode: string; name?: string }[];
    return found.map(({ mode, name }) => `${mode} ${name ?? ""}`).sort();
  };

  itInFullRuns("lets in by key, as a user who may become root and as root, once its host key is known", async () => {
    const login = await ssh(host, "sudo -n true && id -un");
    assert.equal(login.stdout, "deploy\n", login.stderr);
    assert.equal((await ssh(host, "id -un", { user: "root" })).stdout, "root\n");
    const stranger = await ssh(host, "id", { knownHosts: "/dev/null" });
    assert.match(stranger.stderr, /Host key verification failed/);
  });

  itInFullRuns("is up, and nothing has failed", async () => {
    assert.equal((await host.succeed("systemctl is-system-running")).trim(), "running");
    await host.waitForUnit("libvirtd.service", 30);
    const away = Math.abs(Number(await host.succeed("date +%s")) - Date.now() / 1000);
    assert.ok(away < 30, `its clock is ${away} s away from ours`);
  });

  itInFullRuns("has two NUMA nodes, each with a processor and memory, and huge pages of its own", async () => {
    const nodes = "/sys/devices/system/node/node";
    assert.equal(await host.succeed(`cat ${nodes}0/cpulist ${nodes}1/cpulist`), "0\n1\n");
    for (const node of [0, 1]) {
      const [, kib] = /MemTotal: +(\d+) kB/.exec(await host.readFile(`${nodes}${node}/meminfo`)) ?? [];
      assert.ok(Number(kib) > 1024 * 1024, `node ${node} has ${kib} KiB`);
    }
    const pool = `${nodes}1/hugepages/hugepages-2048kB/nr_hugepages`;
    const machines = fs.readFileSync("/proc/sys/vm/nr_hugepages", "utf8");
    await host.succeed(`echo 8 > ${pool}`);
    assert.equal(await host.succeed(`cat ${pool} /proc/sys/vm/nr_hugepages`), "8\n8\n");
    assert.equal(fs.readFileSync("/proc/sys/vm/nr_hugepages", "utf8"), machines);
    await host.succeed(`echo 0 > ${pool}`);
  });

  itInFullRuns("has an NVDIMM with a label area, all of it free", async () => {
    const [region] = JSON.parse(await host.succeed("ndctl list --regions")) as Record<string, unknown>[];
    assert.deepEqual([region?.["size"], region?.["available_size"]], [1024 ** 3, 1024 ** 3]);
    assert.equal(await host.succeed("ndctl list --namespaces"), "");
    await host.succeed("ndctl create-namespace --mode=devdax --size=128M --name=store");
    await host.succeed("ndctl create-namespace --mode=fsdax --size=512M");
    assert.deepEqual(await namespaces(), ["devdax store", "fsdax "]);
    const node = await host.succeed("cat /sys/bus/nd/devices/region0/numa_node");
    assert.equal(node, "1\n");
  });

  itInFullRuns("keeps what was synced before a power cut, and loses what was not; an NVDIMM keeps all", async () => {
    const disk = host.disks[0];
    await host.succeed(`mkfs.ext4 -q -F ${disk} && mount ${disk} /mnt`);
    const pmem = (await host.succeed("ls /dev/pmem*")).trim();
    await host.succeed(
      `mkfs.xfs -q -m reflink=0 ${pmem} && mkdir -p /srv/pmem && mount -o dax=always ${pmem} /srv/pmem`,
    );
    assert.match(await host.succeed("findmnt --noheadings --output OPTIONS /srv/pmem"), /dax=always/);
    await host.succeed("for at in /root /mnt /srv/pmem; do echo kept > $at/synced && sync --file-system $at; done");
    await host.succeed("echo content > /root/given && daxio --input /root/given --output /dev/dax0.0");
    await host.succeed("for at in /root /mnt; do echo lost > $at/unsynced; done");
    await host.crash();
    await host.start();
    await host.succeed(`mount ${disk} /mnt && mount -o dax=always ${pmem} /srv/pmem`);
    assert.equal(await host.succeed("cat /root/synced /mnt/synced /srv/pmem/synced"), "kept\nkept\nkept\n");
    assert.equal(await host.succeed("cat /root/unsynced /mnt/unsynced 2> /dev/null || :"), "");
    assert.deepEqual(await namespaces(), ["devdax store", "fsdax "]);
    assert.equal(
      await host.succeed("daxio --input /dev/dax0.0 --len 8 --output /root/got; cat /root/got"),
      "content\n",
    );
    await host.succeed("umount /mnt /srv/pmem && rmdir /srv/pmem && ndctl destroy-namespace --force all");
    await host.succeed(`wipefs --quiet --all ${disk} && rm /root/synced`);
  });

  itInFullRuns(
    "names its disks the same after a reboot, and with one of them gone, whatever the kernel calls them",
    async () => {
      for (const [index, name] of host.disksById.entries()) {
        await host.succeed(`printf 'disk ${index}' | dd of=${name} conv=fsync status=none`);
      }
      const all = ["disk 0", "disk 1", "disk 2", "disk 3"];
      await host.reboot();
      assert.deepEqual(await marks(host.disksById), all);
      assert.deepEqual(await marks(host.disks), all);
      const before = await kernelNames();
      await host.stop();
      assert.equal(fs.readFileSync(host.diskFiles[3]!).subarray(0, 6).toString(), "disk 3");
      host.plugDisk(0, false);
      await host.start();
      await host.fail(`test -e ${host.disksById[0]}`);
      assert.deepEqual(await marks(host.disksById.slice(1)), all.slice(1));
      assert.notEqual((await kernelNames()).split("\n")[1], before.split("\n")[1]);
      await host.stop();
      host.plugDisk(0, true);
      await host.start();
      assert.deepEqual(await marks(host.disksById), all);
      for (const name of host.disksById) await host.succeed(`dd if=/dev/zero of=${name} bs=4096 count=1 status=none`);
    },
  );

  itInFullRuns("has arrays and mapped devices in its kernel", async () => {
    const [first, second, third] = host.disks;
    await host.succeed(`mdadm --create /dev/md0 --run --quiet --level=1 --raid-devices=2 --metadata=1.2 \
      --assume-clean ${first} ${second}`);
    await host.succeed(`dmsetup create lab --table '0 2048 linear ${third} 0'`);
    assert.equal(await host.succeed(`ls /sys/class/block/$(basename $(readlink -f ${first}))/holders`), "md0\n");
    assert.equal(await host.succeed(`ls /sys/class/block/$(basename $(readlink -f ${third}))/holders`), "dm-0\n");
    await host.succeed("dmsetup remove lab && mdadm --quiet --stop /dev/md0");
    await host.succeed(`udevadm settle && wipefs --quiet --all ${first} ${second}`);
  });

  itInFullRuns("starts guests under AppArmor, which is enforced", async () => {
    assert.equal(await host.readFile("/sys/module/apparmor/parameters/enabled"), "Y\n");
    await host.writeFile("/root/guest.xml", guest);
    await host.succeed("virsh create /root/guest.xml");
    assert.match(
      await host.succeed("cat /proc/$(cat /run/libvirt/qemu/guest.pid)/attr/apparmor/current"),
      /^libvirt-[0-9a-f-]{36} \(enforce\)$/m,
    );
    const file = (await host.succeed("find /var/lib/libvirt/qemu/ram -name pc.ram")).trim();
    assert.equal(await host.succeed(`stat --format=%s ${file}`), `${64 * 1024 ** 2}\n`);
    await host.succeed("virsh destroy guest");
  });

  itInFullRuns("looks the same from outside before and after a login, and shows what a change did", async () => {
    const record = await recordHost(host);
    await ssh(host, "sudo -n cat /etc/shadow");
    assert.deepEqual(compareRecords(record, await recordHost(host)), []);
    await host.succeed(`mkswap --quiet ${host.disks[3]}; chmod 600 /etc/issue`);
    const differences = compareRecords(record, await recordHost(host)).join("\n");
    assert.match(differences, /disk \/dev\/hostmem-disk3: was blank, is .*TYPE=swap/);
    assert.match(differences, /file \/etc\/issue: was file 0644 .* is file 0600/);
    await host.succeed(`wipefs --quiet --all ${host.disks[3]}; chmod 644 /etc/issue`);
  });

  itInFullRuns("runs commands side by side, and ends one whose time is up with all it started", async () => {
    const meet = (here: string, there: string) =>
      host.succeed(`touch /run/${here}; until [ -e /run/${there} ]; do sleep 0.1; done; cat`, { input: `${here}\n` });
    assert.deepEqual(await Promise.all([meet("one", "two"), meet("two", "one")]), ["one\n", "two\n"]);
    const late = await host.execute("sleep 5555 & sleep 5555", { seconds: 2 });
    assert.equal(late.exitCode, 124);
    await host.waitUntilFails("pgrep --full 'sleep 555[5]'", 10);
    await assert.rejects(host.succeed("echo said; exit 9"), /must succeed: echo said[\s\S]*exit code 9[\s\S]*said/);
  });

  itInFullRuns("is another host than the one beside it", async () => {
    const other = await startLabHost({ kind: "vm" });
    try {
      const what = "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub /proc/sys/kernel/random/uuid";
      const [mine, its] = [await host.succeed(what), await other.succeed(what)].map((text) => text.split("\n"));
      for (const index of [0, 1, 2]) assert.notEqual(mine?.[index], its?.[index]);
      assert.equal(mine?.[1]?.split(" ").slice(0, 2).join(" "), host.connection.hostKey);
      await other.succeed("touch /root/only-here && sync");
      await host.fail("test -e /root/only-here");
      assert.equal((await ssh(other, "id -un")).stdout, "deploy\n");
    } finally {
      await other.destroy();
    }
    assert.deepEqual(await tracesOf(other), []);
    assert.equal((await ssh(host, "id -un")).stdout, "deploy\n");
  });

  itInFullRuns("leaves nothing behind", async () => {
    assert.notDeepEqual(await tracesOf(host), []);
    await host.destroy();
    assert.deepEqual(await tracesOf(host), []);
    await assert.rejects(host.succeed("true"), /not running/);
  });
});

describe("a vm lab host and the process that started it", function () {
  this.timeout(300_000);

  itInFullRuns("ends with it, even if it was killed", async () => {
    const library = path.join(__dirname, "../support/lab/labHost.js");
    const program = `
      require(${JSON.stringify(library)}).startLabHost({ kind: "vm" }).then((host) => {
        console.log(JSON.stringify({ name: host.name, address: host.address }));
        setInterval(() => {}, 1000);
      });`;
    const owner = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(owner.stdout, "data")) as [Buffer];
    const host = JSON.parse(line.toString());
    assert.match((await tracesOf(host)).join("\n"), /^process: qemu-system-x86_64 /m);
    owner.kill("SIGKILL");
    await retryFor(30, "the host is removed", async () => assert.deepEqual(await tracesOf(host), []));
    assert.doesNotMatch(await run("ps", ["-eww", "-o", "args="]), new RegExp(host.name));
  });
});
