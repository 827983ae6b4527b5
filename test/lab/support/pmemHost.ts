import type { Plan } from "../../../provider/core/plan/step";
import type { LabHost } from "../../support/lab/labHost";
import { startLabHost } from "../../support/lab/labHost";
import { oracleProgram, type PmemAnswer } from "../../support/novaPmem/oracle";

const folder = "/usr/local/lib/stand-in";
const log = "/var/log/nova/nova-compute.log";

/**
 * An emulated machine with an NVDIMM, and in place of nova-compute, whose other services would take minutes to start there,
 * the part of Debian's Nova that looks for namespaces: it logs, starts and fails as nova-compute does. As root, which is
 * what Nova asks ndctl as: to others the kernel does not say all.
 */
export async function startPmemHost(name: string): Promise<LabHost> {
  const host = await startLabHost({ kind: "vm", name });
  await host.succeed(`mkdir -p ${folder} /etc/systemd/system/nova-compute.service.d`);
  await host.writeFile(`${folder}/oracle.py`, oracleProgram());
  await host.writeFile(
    `${folder}/ask.py`,
    `import json, socket, time
while True:
    try:
        asked = socket.socket(socket.AF_UNIX)
        asked.connect("/run/nova-oracle")
        break
    except OSError:
        time.sleep(1)
file = asked.makefile("rw")
file.write(json.dumps([{"novaConf": open("/etc/nova/nova.conf").read()}]) + "\\n")
file.flush()
print(file.read())
`,
  );
  await host.writeFile(
    `${folder}/nova-compute`,
    `#!/bin/sh
say() { echo "2026-01-01 00:00:00.000 $$ $*" >>${log}; }
trap 'exit 0' TERM
answer=$(python3 ${folder}/ask.py)
printf '%s\\n' "$answer" >/run/nova-answer
case $answer in
  '[{"namespaces"'*) say "INFO nova.compute.manager [-] Looking for unclaimed instances stuck in BUILDING status" ;;
  *)
    say "ERROR nova.virt.driver [-] Unable to load the virtualization driver: nova.exception.$(printf '%s' "$answer" | sed 's/.*"refused": "//; s/"}].*//')"
    exit 1 ;;
esac
while :; do sleep 3600 & wait $!; done
`,
    { mode: "755" },
  );
  await host.writeFile(
    "/etc/systemd/system/nova-oracle.service",
    `[Service]\nExecStartPre=/bin/rm -f /run/nova-oracle\nExecStart=/usr/bin/python3 ${folder}/oracle.py /run/nova-oracle\n[Install]\nWantedBy=multi-user.target\n`,
  );
  const options = "--config-file=/etc/nova/nova.conf --config-file=/etc/nova/nova-compute.conf";
  await host.writeFile(
    "/etc/systemd/system/nova-compute.service.d/stand-in.conf",
    `[Service]\nType=simple\nUser=root\nGroup=root\nExecStart=\nExecStart=/bin/sh ${folder}/nova-compute ${options} --log-file=${log}\n`,
  );
  await host.succeed(
    `sed '/^ *#/d; /^ *$/d' /etc/nova/nova.conf > /run/short; echo '# end' >> /run/short; cat /run/short > /etc/nova/nova.conf
    cp -a /etc/fstab /etc/x; mv /etc/x /etc/fstab; rm /run/short
    systemctl daemon-reload; systemctl -q enable --now nova-oracle; systemctl -q enable nova-compute; systemctl restart nova-compute
    until grep -q 'Looking for unclaimed' ${log}; do sleep 0.5; done`,
    { seconds: 400 },
  );
  return host;
}

/** What Debian's Nova found at its last start. */
export async function foundByNova(host: LabHost): Promise<PmemAnswer> {
  const [answer] = JSON.parse(await host.readFile("/run/nova-answer")) as PmemAnswer[];
  if (!answer) throw new Error("Nova has not looked for namespaces");
  return answer;
}

/** Namespaces and regions as ndctl shows them, disabled ones too. */
export function listNamespaces(host: LabHost): Promise<string> {
  return host.succeed("ndctl list --regions --namespaces --idle");
}

/** A guest that has a namespace, as Nova defines one (LibvirtConfigGuestVPMEM). */
export function guestWith(device: string, mib: number): string {
  const size = (mib - (mib % 2)) * 1024;
  return `<domain type='qemu'>
  <name>persistent</name><memory unit='KiB'>${65536 + size}</memory><maxMemory slots='2' unit='KiB'>${131072 + size}</maxMemory>
  <vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
  <cpu><numa><cell id='0' cpus='0' memory='65536' unit='KiB'/></numa></cpu>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
    <memory model='nvdimm' access='shared'>
      <source><path>${device}</path><alignsize unit='KiB'>2048</alignsize><pmem/></source>
      <target><size unit='KiB'>${size}</size><node>0</node><label><size unit='KiB'>2048</size></label></target>
    </memory>
  </devices>
</domain>`;
}

/** Ends a plan where it would make its first namespace, and says by which UUID that is to be made. */
export function cutAtNamespace(say: (uuid: string) => void): (plan: Plan) => Plan {
  return (plan) => {
    const at = plan.steps.findIndex((step) => step.kind === "call" && step.call === "create_namespace");
    const step = plan.steps[at];
    if (step?.kind !== "call") throw new Error("the plan makes no namespace");
    say(String(step.args[1]));
    return { ...plan, steps: [...plan.steps.slice(0, at), { ...step, args: ["--", "cut"] }] };
  };
}
