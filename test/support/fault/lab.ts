import { type LabHost, startLabHost } from "../lab/labHost";
import { CoreHost } from "./coreHost";
import { Cutter } from "./cutter";

/** A host whose applies can be cut. */
export interface CutHost {
  host: LabHost;
  core: CoreHost;
  cutter: Cutter;
}

const standIn = "/usr/local/lib/stand-in/nova-compute";

/**
 * A host with the real libvirt, and a stand-in for nova-compute that starts at once: what is cut are our applies, hundreds
 * of times, and they see of Nova its unit, its arguments, its log and its end. It refuses 666 MiB.
 */
export async function startCutHost(name: string): Promise<CutHost> {
  const host = await startLabHost({ kind: "nova", services: "none", name });
  await host.succeed(`mkdir -p ${standIn.replace(/\/[^/]*$/, "")} /etc/systemd/system/nova-compute.service.d`);
  await host.writeFile(
    standIn,
    `#!/bin/sh
log=/var/log/nova/nova-compute.log
say() { echo "2026-01-01 00:00:00.000 $$ $*" >>$log; }
if grep -q '^file_backed_memory *= *666' /etc/nova/nova.conf; then
  say "ERROR oslo_service.service [-] Error starting thread.: nova.exception.InternalError: 666 is refused"
  exit 0
fi
say "INFO nova.compute.manager [-] Looking for unclaimed instances stuck in BUILDING status"
trap 'exit 0' TERM
while :; do sleep 3600 & wait $!; done
`,
    { mode: "755" },
  );
  const options = "--config-file=/etc/nova/nova.conf --config-file=/etc/nova/nova-compute.conf";
  await host.writeFile(
    "/etc/systemd/system/nova-compute.service.d/stand-in.conf",
    `[Service]\nType=simple\nExecStart=\nExecStart=/bin/sh ${standIn} ${options} --log-file=/var/log/nova/nova-compute.log\n`,
  );
  // Without the distribution's 350 KB of comments, which would all be copied again at every cut.
  await host.succeed(
    "for file in /etc/nova/nova.conf /etc/libvirt/qemu.conf; do" +
      " sed '/^ *#/d; /^ *$/d' $file > /run/short; echo '# end' >> /run/short; cat /run/short > $file; done; rm /run/short",
  );
  // From here on every file that applies touch is the host's own, and not its image's: the same before and after.
  await host.succeed("cp -a /etc/fstab /etc/x; mv /etc/x /etc/fstab; mkdir /srv/x; rmdir /srv/x");
  await host.succeed(
    "systemctl daemon-reload; systemctl -q enable nova-compute; systemctl restart nova-compute libvirtd",
  );
  return { host, core: new CoreHost(host), cutter: await Cutter.on(host) };
}
