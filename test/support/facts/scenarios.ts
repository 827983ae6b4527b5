import { readAccess, readCommon } from "../../../provider/core/inputs/common";
import { Inputs } from "../../../provider/core/inputs/problem";
import { kinds } from "../../../provider/core/kinds";
import { HostSession } from "../../../provider/core/session";
import { openTransport } from "../../../provider/core/transport";
import type { LabHost } from "../lab/labHost";
import type { Kind } from "../lab/recipe";

/** A state of a real host that is worth recording. */
export interface Scenario {
  kind: Kind;
  prepare: (host: LabHost) => Promise<unknown>;
  /** Gives back what is the machine's and not the host's. */
  tidy?: (host: LabHost) => Promise<unknown>;
}

const smallPool = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";

const setFileBacked = `
  printf '[libvirt]\\nfile_backed_memory = 1024\\n[DEFAULT]\\nram_allocation_ratio = 1.0\\nreserved_host_memory_mb = 0\\n' >> /etc/nova/nova-compute.conf
  systemctl restart libvirtd
  systemctl restart nova-compute
  sleep 15
`;

/** As Nova defines one with hw:pmem. */
const guestWithNamespace = `<domain type='qemu'>
  <name>persistent</name><memory unit='MiB'>188</memory><maxMemory slots='2' unit='MiB'>376</maxMemory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <cpu><numa><cell id='0' cpus='0' memory='64' unit='MiB'/></numa></cpu>
  <devices><memory model='nvdimm' access='shared'>
    <source><path>/dev/dax0.0</path><alignsize unit='KiB'>2048</alignsize><pmem/></source>
    <target><size unit='MiB'>124</size><node>0</node><label><size unit='KiB'>2048</size></label></target>
  </memory></devices>
</domain>`;

/**
 * Named after system and state. The unit of the RDO case is written here in the shape of that distribution's (name, user,
 * no arguments, notify); what systemd says about it is real.
 */
export const scenarios: Record<string, Scenario> = {
  "debian-12-nova": { kind: "nova", prepare: async () => {} },
  "debian-12-nova-file-backed-guest": {
    kind: "nova",
    prepare: async (host) => {
      await host.succeed(setFileBacked, { seconds: 120 });
      await host.cloud.bootServer({ name: "in-files", ramMb: 64 });
    },
  },
  "debian-12-nova-ordinary-guests": {
    kind: "nova",
    prepare: async (host) => {
      const stopped = await host.cloud.bootServer({ name: "stopped", ramMb: 64 });
      await host.succeed(`virsh destroy ${stopped.instanceName}`);
      await host.cloud.bootServer({ name: "in-ram", ramMb: 64 });
    },
  },
  "debian-12-nova-paged-guests": {
    kind: "nova",
    prepare: async (host) => {
      await host.succeed(`echo 16 > ${smallPool} && systemctl restart nova-compute && sleep 15`, { seconds: 120 });
      await host.cloud.bootServer({ name: "huge", ramMb: 16, extraSpecs: { "hw:mem_page_size": "2048" } });
      await host.cloud.bootServer({ name: "ordinary", ramMb: 64, extraSpecs: { "hw:mem_page_size": "small" } });
    },
    tidy: (host) => host.execute(`virsh list --name | xargs -r -n 1 virsh destroy; echo 0 > ${smallPool}`),
  },
  "debian-12-nova-off": {
    kind: "nova",
    prepare: (host) => host.succeed("systemctl disable --now nova-compute; systemctl stop libvirtd.service"),
  },
  "debian-12-nova-managed": {
    kind: "nova",
    prepare: async (host) => {
      await host.succeed(
        "mkdir -p /srv/store && mkfs.ext4 -q /dev/hostmem-disk0 && mount /dev/hostmem-disk0 /srv/store",
      );
      await declare(host, { capacity: "256 MiB", memoryBackingDir: "/srv/store", activation: "deferred" });
    },
  },
  "debian-12-bare": {
    kind: "light",
    prepare: (host) =>
      host.succeed(
        "mkfs.xfs -q /dev/hostmem-disk0 && mkdir '/srv/guest memory' && mount /dev/hostmem-disk0 '/srv/guest memory'",
      ),
  },
  "debian-12-huge-pages": {
    kind: "light",
    prepare: (host) =>
      host.succeed(`
        echo 4 > ${smallPool}
        echo 'vm.nr_hugepages = 4' > /etc/sysctl.d/80-dpdk.conf
        echo 'vm/nr_overcommit_hugepages=2' >> /etc/sysctl.d/80-dpdk.conf
        mkdir -p '/mnt/huge pages' && mount -t hugetlbfs none '/mnt/huge pages'
        fallocate -l 2M '/mnt/huge pages/rtemap_0'
        printf '%s\\n' 'import mmap, time' 'pages = mmap.mmap(-1, 4194304, flags=0x40022)' 'pages[0] = 1' 'time.sleep(600)' > /root/hold.py
        nohup python3 /root/hold.py > /dev/null 2>&1 &
        sleep 1`),
    tidy: (host) => host.execute(`pkill -f '[h]old.py'; rm -f '/mnt/huge pages/rtemap_0'; echo 0 > ${smallPool}`),
  },
  "debian-12-pmem": {
    kind: "vm",
    prepare: (host) =>
      host.succeed(
        `
        ndctl create-namespace --mode=devdax --size=128M --name=guest-0
        ndctl create-namespace --mode=fsdax --size=64M --name=files
        ndctl create-namespace --mode=devdax --size=64M --name=in-ram --map=mem --align=4K
        ndctl create-namespace --mode=raw --size=32M --name=bytes
        ndctl create-namespace --mode=devdax --size=32M
        ndctl create-namespace --mode=devdax --size=32M --name=asleep
        ndctl disable-namespace namespace0.5
        sleep 1000 < /dev/dax0.2 > /dev/null 2>&1 &
        cat > /run/guest.xml
        virsh -q define /run/guest.xml`,
        { input: guestWithNamespace, seconds: 300 },
      ),
  },
  "rdo-shaped": {
    kind: "light",
    prepare: (host) =>
      host.succeed(`
        useradd --system --home-dir /var/lib/nova nova
        mkdir -p /etc/nova /usr/share/nova /etc/sysconfig
        printf '[DEFAULT]\\nlog_dir = /var/log/nova\\n' > /usr/share/nova/nova-dist.conf
        printf '[DEFAULT]\\n[libvirt]\\nvirt_type = kvm\\n' > /etc/nova/nova.conf
        printf 'OS_DEFAULT__RAM_ALLOCATION_RATIO=2.0\\nOS_DATABASE__CONNECTION=mysql://nova:hidden@db\\nOS_LIBVIRT__VIRT_TYPE="kvm"\\n' > /etc/sysconfig/openstack-nova-compute
        printf '#!/usr/bin/python3\\nimport os, time\\nos.system("systemd-notify --ready")\\ntime.sleep(1e6)\\n' > /usr/bin/nova-compute
        chmod 755 /usr/bin/nova-compute
        cat > /usr/lib/systemd/system/openstack-nova-compute.service <<'END'
[Unit]
Description=nova-compute as RDO runs it
[Service]
Type=notify
NotifyAccess=all
EnvironmentFile=-/etc/sysconfig/openstack-nova-compute
Environment="OS_LIBVIRT__FILE_BACKED_MEMORY=4096" OS_DEFAULT__RAM_ALLOCATION_RATIO=1.0 HOME=/var/lib/nova
User=nova
Restart=always
ExecStart=/usr/bin/nova-compute
[Install]
WantedBy=multi-user.target
END
        systemctl daemon-reload
        systemctl enable --now openstack-nova-compute`),
  },
};

/** What `pulumi up` does with one FileBackedMemoryConfig, without Pulumi. */
async function declare(host: LabHost, declared: Record<string, unknown>): Promise<void> {
  const kind = kinds.get("FileBackedMemoryConfig")!;
  const { privateKey: _key, ...connection } = host.connection;
  const inputs = new Inputs({ owner: "project/stack/compute-1", connection, ...declared }, "", []);
  const args = kind.check(inputs, readCommon(inputs));
  const access = readAccess(inputs);
  if (!access || inputs.problems.length > 0) throw new Error(JSON.stringify(inputs.problems));
  const session = new HostSession(openTransport(access.connection, access.become), async () => undefined);
  try {
    await session.apply(
      (facts) => {
        const { plan, problems } = kind.evaluate(args, facts, { recorded: undefined, planned: [] });
        if (problems.length > 0) throw new Error(JSON.stringify(problems));
        return plan;
      },
      { holder: "recorder", lockTimeoutSeconds: 10, progress: () => {} },
    );
  } finally {
    await session.close();
  }
}
