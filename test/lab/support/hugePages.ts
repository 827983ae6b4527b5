import type { LabHost } from "../../support/lab/labHost";
import { smallPool } from "../../support/lab/pages";

/** A program on the host that holds pages of 2 MiB, as OVS-DPDK does, until it is released. */
export async function holdPages(host: LabHost, count: number): Promise<void> {
  const program = [
    "import mmap, time",
    `pages = mmap.mmap(-1, ${count} * 2097152, flags=0x40022)`,
    `for page in range(${count}): pages[page * 2097152] = 1`,
    "open('/run/held', 'w')",
    "time.sleep(600)",
  ];
  await host.writeFile("/run/ovs-vswitchd", `#!/usr/bin/python3\n${program.join("\n")}\n`, { mode: "0755" });
  await host.succeed("nohup /run/ovs-vswitchd > /dev/null 2>&1 & echo $! > /run/holder");
  await host.waitUntilSucceeds("test -e /run/held", 20);
}

export async function releasePages(host: LabHost): Promise<void> {
  await host.execute("[ ! -e /run/holder ] || kill $(cat /run/holder); rm -f /run/holder /run/held /run/ovs-vswitchd");
  await host.waitUntilSucceeds(`test "$(cat ${smallPool}/free_hugepages)" = "$(cat ${smallPool}/nr_hugepages)"`, 20);
}

/**
 * Makes the kernel give no page more than there are, as memory that lies scattered does.
 *
 * @returns the way back.
 */
export async function refusePages(host: LabHost): Promise<() => Promise<unknown>> {
  await host.succeed(`
    cp ${smallPool}/nr_hugepages /run/given
    mount --bind /run/given ${smallPool}/nr_hugepages && mount -o remount,bind,ro ${smallPool}/nr_hugepages`);
  return () => host.execute(`umount ${smallPool}/nr_hugepages; rm -f /run/given`);
}
