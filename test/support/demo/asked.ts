import { lineOf, novaConf } from "../../lab/support/novaState";
import type { LabHost } from "../lab/labHost";
import { retryFor } from "../lab/process";

/** What somebody else than us says about the host: its own tools, and OpenStack's APIs. */
export interface Answer {
  who: string;
  says: string;
  isRight: boolean;
}

/** Where the program's store is mounted: libvirt's own place for guest memory. */
export const storeFolder = "/var/lib/libvirt/qemu/ram";

/** Seconds that placement may lag behind nova-compute. */
const placementSeconds = 30;

/** Asks about everything that the program declares. */
export async function askTheHost(host: LabHost, capacityMb: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  const add = (who: string, says: string, isRight: boolean) => answers.push({ who, says, isRight });

  const mount = (await host.succeed(`findmnt -n -o FSTYPE,SOURCE,SIZE,TARGET ${storeFolder} || :`)).trim();
  add("findmnt", mount.replace(/\s+/g, " "), mount.startsWith("xfs "));
  const entry = (await host.succeed(`grep -F ' ${storeFolder} ' /etc/fstab || :`)).trim();
  add("/etc/fstab", entry, / xfs (\S*,)?nofail[, ]/.test(entry));
  for (const [option, value] of [
    ["file_backed_memory", String(capacityMb)],
    ["ram_allocation_ratio", "1.0"],
    ["reserved_host_memory_mb", "0"],
  ] as const) {
    const line = await lineOf(host, novaConf, option);
    add(novaConf, line, line === `${option} = ${value}`);
  }
  for (const unit of ["libvirtd", "nova-compute"]) {
    const show = `systemctl show -p ActiveState -p ActiveEnterTimestamp --value ${unit}`;
    const [state, since] = (await host.succeed(show)).trim().split("\n").sort().reverse();
    add(`systemctl ${unit}`, `${state}, since ${since}`, state === "active");
  }
  const service = await host.cloud.computeServiceState();
  add("Nova's API", `nova-compute is ${service.state} and ${service.status}`, service.state === "up");
  const memory = await memoryInPlacement(host, capacityMb);
  const says = `MEMORY_MB ${memory.total}, reserved ${memory.reserved}, ratio ${memory.ratio}`;
  add("placement's API", `${says} (declared: ${capacityMb} MiB)`, memory.total === capacityMb && memory.ratio === 1);
  return answers;
}

/** What placement says, after it had time to hear of the wanted amount. */
async function memoryInPlacement(host: LabHost, wantedMb: number) {
  const ask = async () => {
    const { total, reserved, allocation_ratio: ratio } = (await host.cloud.placementInventory())["MEMORY_MB"]!;
    return { total, reserved, ratio };
  };
  return retryFor(placementSeconds, "placement", async () => {
    const memory = await ask();
    if (memory.total !== wantedMb) throw new Error(`placement has ${memory.total}`);
    return memory;
  }).catch(ask);
}

/** Distribution and versions, from its package manager. */
export async function whatItIs(host: LabHost): Promise<string> {
  const system = (await host.succeed('. /etc/os-release; echo "$PRETTY_NAME"')).trim();
  const versions: string[] = [];
  for (const [name, packageName] of [
    ["Nova", "nova-compute"],
    ["libvirt", "libvirt-daemon"],
    ["QEMU", "qemu-system-x86"],
  ]) {
    const version = await host.succeed(`dpkg-query -W -f '\${Version}' ${packageName}`);
    versions.push(`${name} ${version.replace(/^\d+:/, "").replace(/[-+].*/, "")}`);
  }
  return `${system}; ${versions.join(", ")}`;
}
