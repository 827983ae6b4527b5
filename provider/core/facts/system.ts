import { hardwareFunction, isOtherHardware } from "../host/identity";
import { hostIdPath } from "../host/paths";
import type { Sections } from "./sections";

export interface SystemFacts {
  hostname: string;
  /** Kernel release, as `uname -r` prints it. */
  kernel: string;
  machineId: string;
  /** Our own identity of this installation, absent until the first apply, and on a machine that got a copy of it. */
  hostId: string | undefined;
  /** Our records were made on another machine, whose disk was copied here or moved. */
  isCopy: boolean;
  /** Of the system that answered: the same by whatever address, and another one after a boot. */
  running: string;
  /** Seconds since the epoch, by the host's clock, when the facts were read. */
  now: number;
  /** Seconds since the epoch at which the host booted. */
  bootedAt: number;
}

export const collectSystem = `
section system
uname -n; uname -r; cat /etc/machine-id 2>/dev/null || echo; date +%s; sed -n 's/^btime //p' /proc/stat
section host-id
cat ${hostIdPath} 2>/dev/null || :
${hardwareFunction}
section identity
hardware; cat /proc/sys/kernel/random/boot_id; stat -c %d /
`;

export function parseSystem(sections: Sections): SystemFacts {
  const [hostname = "", kernel = "", machineId = "", now = "", bootedAt = ""] = sections.get("system").split("\n");
  const [hostId = "", madeOn = ""] = sections.get("host-id").split("\n");
  // Containers of one machine share its boot, but no root device.
  const [hardware = "", bootId = "", rootDevice = ""] = sections.get("identity").split("\n");
  const isCopy = isOtherHardware(madeOn, hardware);
  return {
    hostname,
    kernel,
    machineId,
    hostId: isCopy ? undefined : hostId.trim() || undefined,
    isCopy,
    running: [machineId, bootId, rootDevice].join(" "),
    now: Number(now),
    bootedAt: Number(bootedAt),
  };
}
