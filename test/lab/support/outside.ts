import * as fs from "node:fs";
import type { LabHost } from "../../support/lab/labHost";
import { type CommandResult, execute, run } from "../../support/lab/process";

/** Logs in as a user would: his key, and no host that is not known already. */
export function ssh(
  host: LabHost,
  command: string,
  { knownHosts = host.knownHostsFile, user = host.connection.user } = {},
): Promise<CommandResult> {
  const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${knownHosts}`];
  const args = ["-F", "none", "-i", host.connection.privateKeyFile, ...options.flatMap((option) => ["-o", option])];
  return execute("ssh", [...args, `${user}@${host.address}`, command], { seconds: 60 });
}

/** Everything on this machine that bears the mark of a host: what must be gone after it. */
export async function tracesOf(host: { name: string; address: string }): Promise<string[]> {
  const number = host.address.split(".")[2];
  const traces = {
    mount: fs.readFileSync("/proc/self/mounts", "utf8").split("\n"),
    "loop device": (await run("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"])).split("\n"),
    network: (await run("ip", ["-brief", "address"])).split("\n"),
    namespace: fs.existsSync("/run/netns") ? fs.readdirSync("/run/netns") : [],
    "control group": (await run("find", ["/sys/fs/cgroup", "-maxdepth", "2", "-name", "hostmem-*"])).split("\n"),
    process: (await run("ps", ["-eww", "-o", "args="])).split("\n"),
    folder: fs.readdirSync("/var/tmp/hostmem-lab/hosts"),
  };
  // Its name may be the end of another host's.
  const name = `(^|/|hostmem-|hostmem-lab-)${host.name}(?![0-9])`;
  const marks = [`hostmem-${number}(?![0-9])`, `10\\.213\\.${number}\\.`, name];
  const mark = new RegExp(marks.join("|"));
  return Object.entries(traces).flatMap(([what, lines]) =>
    lines.filter((line) => mark.test(line)).map((line) => `${what}: ${line.trim()}`),
  );
}
