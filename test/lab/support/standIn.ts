import assert from "node:assert/strict";
import type { LabHost } from "../../support/lab/labHost";

/**
 * Lets a light host pass for one with Nova, where a test is about who does what and not about Nova: a service that logs what
 * nova-compute logs once it is up, and programs that say the versions. systemd, files and mounts are real.
 */
export async function standInForNova(host: LabHost): Promise<void> {
  await host.succeed(`
    mkdir -p /etc/nova /etc/libvirt /var/log/nova /usr/lib/python3/dist-packages/nova-26.2.2.dist-info /var/lib/libvirt/qemu/ram
    printf '[DEFAULT]\\nstate_path = /var/lib/nova\\n[libvirt]\\nvirt_type = qemu\\n' > /etc/nova/nova.conf
    printf '# nothing is set\\n' > /etc/libvirt/qemu.conf
    cat > /usr/bin/nova-compute <<'END'
#!/bin/sh
echo "$(date '+%F %T.000') $$ INFO nova.compute.manager [-] Looking for unclaimed instances stuck in BUILDING status" >> /var/log/nova/nova-compute.log
sleep infinity & wait
END
    printf '#!/bin/sh\\necho "libvirtd (libvirt) 9.0.0"\\n' > /usr/sbin/libvirtd
    printf '#!/bin/sh\\necho "QEMU emulator version 7.2.22"\\n' > /usr/bin/qemu-system-$(uname -m)
    chmod 755 /usr/bin/nova-compute /usr/sbin/libvirtd /usr/bin/qemu-system-*
    cat > /etc/systemd/system/nova-compute.service <<'END'
[Service]
ExecStart=/usr/bin/nova-compute --config-file=/etc/nova/nova.conf --log-file=/var/log/nova/nova-compute.log
[Install]
WantedBy=multi-user.target
END
    systemctl daemon-reload
    systemctl enable --now nova-compute`);
}

const noted = ["mkdir", "rm", "cp", "mv", "sync", "mount", "umount", "chattr", "systemctl"];

const hold = "/run/hold";

/** The next apply that changes something waits, a minute at most, until another one waits for the host's lock. */
export async function holdFirst(host: LabHost): Promise<void> {
  await host.succeed(`cat >/usr/sbin/hold-first && chmod 755 /usr/sbin/hold-first && touch ${hold}`, {
    input: `#!/bin/sh
/usr/bin/rm -f ${hold}
for i in $(seq 300); do
  for process in /proc/[0-9]*; do [ "$(cat $process/comm 2>/dev/null)" != flock ] || exit 0; done
  sleep 0.2
done
`,
  });
}

/** From now on the tools that change something write down, in their order, which apply used them. */
export async function noteEffects(host: LabHost): Promise<void> {
  await host.succeed(`
    for tool in ${noted.join(" ")}; do
      real=$(readlink -f "$(command -v $tool)")
      cat > /usr/sbin/$tool.noting <<END
#!/bin/sh
case "\\$(cat /proc/self/cgroup)" in *hostmem-apply-*) case "$tool \\$*" in systemctl\\ show* | systemctl\\ is-active*) ;; *) echo "\\$(sed -n 's/.*hostmem-apply-\\([0-9a-f]*\\).*/\\1/p' /proc/self/cgroup) $tool \\$*" >> /run/effects; [ ! -e ${hold} ] || hold-first ;; esac ;; esac
exec $real "\\$@"
END
      chmod 755 /usr/sbin/$tool.noting
    done
    for tool in ${noted.join(" ")}; do /usr/bin/mv /usr/sbin/$tool.noting /usr/sbin/$tool; done`);
}

/** The applies that changed something, one after the other; one that comes twice was interrupted by another. */
export async function turnsOf(host: LabHost): Promise<string[]> {
  const lines = (await host.succeed("cat /run/effects")).split("\n").filter((line) => line !== "");
  const effects = lines.filter((line) => !line.includes("/var/lib/hostmem/apply/"));
  const applies = effects.map((line) => line.split(" ", 1)[0]!);
  assert.ok(applies.length > 0, "something was changed");
  return applies.filter((id, index) => id !== applies[index - 1]);
}
