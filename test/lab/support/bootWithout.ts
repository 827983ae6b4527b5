import type { LabHost } from "../../support/lab/labHost";

/** After the one that systemd makes of fstab's x-systemd.device-timeout, which says 90 s. */
const dropIn = "/etc/systemd/system/device.d/99-soon.conf";

/** Boots a host without one of its disks. What waits for that gives up soon, which is all that differs from a usual boot. */
export async function bootWithout(host: LabHost, disk: number, options: { withNova?: boolean } = {}): Promise<void> {
  await host.succeed(`mkdir -p $(dirname ${dropIn}); printf '[Unit]\\nJobRunningTimeoutSec=5s\\n' > ${dropIn}`);
  await host.stop();
  host.plugDisk(disk, false);
  await host.start(options);
  await host.succeed(`rm -r $(dirname ${dropIn}); systemctl daemon-reload`);
}
