/** Where the examples mount a store. */
export const storePlace = "/var/lib/libvirt/qemu/ram";

const novaConf = "/etc/nova/nova.conf";

/** What examples/backing-store plans on a blank disk of 1 GiB, as the lab's are; `…` stands for the UUID. */
export function storePlan(device: string): string[] {
  return [
    `format ${device} as xfs, 883 MiB usable`,
    `set in /etc/fstab: UUID=… ${storePlace} xfs nofail,x-systemd.device-timeout=90s,noatime 0 0`,
    `mount ${storePlace}`,
    `let libvirtd start only with ${storePlace} mounted`,
  ];
}

/** What examples/compute-host plans there. The README shows it. */
export function computeHostPlan(device: string, memoryMb: number): string[] {
  return [
    ...storePlan(device),
    `set [libvirt] file_backed_memory = ${memoryMb} (was not set) in ${novaConf}`,
    `set [DEFAULT] ram_allocation_ratio = 1.0 (was not set) in ${novaConf}`,
    `set [DEFAULT] reserved_host_memory_mb = 0 (was not set) in ${novaConf}`,
    "restart nova-compute",
  ];
}

/** A line of a plan without the UUID, which comes from the owner and the device. */
export function withoutUuid(line: string): string {
  return line.replace(/UUID=[0-9a-f-]{36}/, "UUID=…");
}

/** A line of a plan without the number of pages, which comes from the memory of the host. */
export function withoutCount(line: string): string {
  return line.replace(/count:\d+/, "count:…");
}
