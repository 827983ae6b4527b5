import type { LabHost } from "../../support/lab/labHost";
import type { CommandResult } from "../../support/lab/process";

const description = (name: string) => `<domain type='qemu'>
  <name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
  <memoryBacking>
    <source type='file'/><access mode='shared'/><allocation mode='immediate'/><discard/>
  </memoryBacking>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>
</domain>`;

/** Starts a guest as Nova does with file-backed memory, without a disk: QEMU, and 64 MiB of memory in a file. */
export function createGuest(host: LabHost, name: string): Promise<CommandResult> {
  return host.execute("cat > /run/guest.xml; virsh -q create /run/guest.xml; code=$?; rm /run/guest.xml; exit $code", {
    input: description(name),
    seconds: 900, // Emulation within emulation.
  });
}
