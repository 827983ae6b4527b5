import { hostIdPath } from "../host/paths";
import type { Sections } from "./sections";

export interface SystemFacts {
  hostname: string;
  /** Kernel release, as `uname -r` prints it. */
  kernel: string;
  machineId: string;
  /** Our own identity of this installation, absent until the first apply. */
  hostId: string | undefined;
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
`;

export function parseSystem(sections: Sections): SystemFacts {
  const [hostname = "", kernel = "", machineId = "", now = "", bootedAt = ""] = sections.get("system").split("\n");
  return {
    hostname,
    kernel,
    machineId,
    hostId: sections.get("host-id").trim() || undefined,
    now: Number(now),
    bootedAt: Number(bootedAt),
  };
}
