import type { LabHost } from "../../support/lab/labHost";
import { expectNovaUp } from "./novaState";

const units = ["@.service", "@.socket", "@-ro.socket", "@-admin.socket"];
const named = (daemon: string) => units.map((unit) => unit.replace("@", daemon)).join(" ");

/**
 * Has libvirt run as its modular daemons do: by the units of virtqemud, those of libvirtd off. Debian 12 packages no virtqemud,
 * so what they run is libvirtd, which answers at its own sockets, handed over by their names, and reads the same qemu.conf.
 */
export async function useModularLibvirt(host: LabHost): Promise<void> {
  await host.succeed(`
    for unit in ${units.join(" ")}; do
      sed -e 's/libvirtd\\(-ro\\|-admin\\|\\)\\.\\(socket\\|service\\)/virtqemud\\1.\\2/' \\
        -e "/^\\[Socket\\]/aFileDescriptorName=libvirtd\${unit#@}" \\
        "/lib/systemd/system/libvirtd\${unit#@}" > "/etc/systemd/system/virtqemud\${unit#@}"
    done
    systemctl daemon-reload
    ${moved("libvirtd", "virtqemud")}`);
  await expectNovaUp(host);
}

/** Takes that back. */
export async function useMonolithicLibvirt(host: LabHost): Promise<void> {
  await host.succeed(`
    ${moved("virtqemud", "libvirtd")}
    cd /etc/systemd/system; rm ${named("virtqemud")}
    systemctl daemon-reload; systemctl reset-failed`);
  await expectNovaUp(host);
}

const moved = (from: string, to: string) => `
    systemctl -q disable --now ${named(from)}
    systemctl -q enable --now ${named(to)}
    systemctl restart nova-compute`;
