import * as fs from "node:fs";
import * as path from "node:path";
import { driverOfHost } from "./driver";
import { describeFailure, LabError } from "./process";

/**
 * How much of Nova runs on a nova host.
 * - `full`: everything; servers can be made.
 * - `min`: what nova-compute needs to report to placement: message bus, placement, conductor.
 * - `none`: libvirt alone; nova-compute is installed and not enabled.
 */
export type Services = "full" | "min" | "none";

const beyondMin = ["nova-scheduler", "nova-api", "glance-api", "neutron-stub"];
const beyondNone = ["nova-compute", "nova-conductor", "rabbitmq-server", "placement-api", "lab-control-plane"];

/** Leaves enabled what is to run, before the first boot: from then on the host starts it by itself, as a real one does. */
export function chooseServices(root: string, services: Services): void {
  const without = { full: [], min: beyondMin, none: [...beyondMin, ...beyondNone] }[services];
  for (const unit of without) {
    const link = `etc/systemd/system/multi-user.target.wants/${unit}.service`;
    fs.rmSync(path.join(root, link), { force: true });
  }
}

/** Waits until what was chosen answers. systemd has started it, but an API answers only some time later. */
export async function waitForServices(name: string, services: Services, seconds: number): Promise<void> {
  if (services === "none") {
    return;
  }
  // A cast to a queue that its service has not declared yet is lost: a server would stay in BUILD, or "deleting", for ever.
  const queues = services === "full" ? ["conductor", "scheduler", "compute.compute"] : ["conductor", "compute.compute"];
  const ports = services === "full" ? "8778 9292 8774 9696" : "8778";
  const script = `
    for port in ${ports}; do
      until curl -s -o /dev/null -m 10 http://127.0.0.1:$port/; do sleep 0.1; done
    done
    until systemctl is-active --quiet nova-compute; do sleep 0.1; done
    until rabbitmqctl -q list_queues name consumers |
      awk '$2 > 0 { up[$1] } END { split("${queues.join(" ")}", all); for (i in all) if (!(all[i] in up)) exit 1 }'
    do sleep 0.1; done`;
  const { executeIn } = driverOfHost(name);
  const result = await executeIn(name, script, { seconds });
  if (result.exitCode !== 0) {
    const state = await executeIn(name, "systemctl --failed --no-pager; tail -n 5 /var/log/nova/*.log");
    throw new LabError(describeFailure(`the services of ${name} are not up after ${seconds} s`, state));
  }
}
