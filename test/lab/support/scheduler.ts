import type { SchedulerRules } from "../../../sdk/nodejs";
import type { LabHost } from "../../support/lab/labHost";

const configuration = "/etc/nova-control/nova.conf";

/** Nova's own list (nova/conf/scheduler.py), which is the same from Wallaby on. */
const usualFilters = [
  "ComputeFilter",
  "ComputeCapabilitiesFilter",
  "ImagePropertiesFilter",
  "ServerGroupAntiAffinityFilter",
  "ServerGroupAffinityFilter",
];

/** Configures the lab's scheduler by the rules that a policy tells; what is given back undoes it. */
export async function configureScheduler(host: LabHost, rules: SchedulerRules): Promise<() => Promise<void>> {
  const before = await host.readFile(configuration);
  const write = async (text: string) => {
    await host.writeFile(configuration, text);
    await host.succeed("systemctl restart nova-scheduler", { seconds: 120 });
    // It is asked by messages: those sent before it listens are answered once it does.
    await host.waitForUnit("nova-scheduler.service", 60);
  };
  const options = Object.entries(rules.schedulerOptions).map(([name, value]) => {
    const [, section = "", option = ""] = /^\[(.*)\] (.*)$/.exec(name) ?? [];
    return `[${section}]\n${option} = ${value}\n`;
  });
  const filters = `[filter_scheduler]\nenabled_filters = ${[...usualFilters, ...rules.enabledFilters].join(",")}\n`;
  await write(`${before.trimEnd()}\n${options.join("")}${filters}`);
  return () => write(before);
}
