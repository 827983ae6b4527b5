import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { enterControlGroups, removeControlGroups } from "./controlGroup";
import { disksOf } from "./disks";
import { networkOf } from "./network";
import { hostFolder, sourceFolder } from "./places";
import { type CommandOptions, type CommandResult, execute, LabError, retryFor, run, sleep, tail } from "./process";
import { entryOf, identify, isAlive, readEntry, writeEntry } from "./register";

/** Where the parts of a host are on this machine. */
export function layoutOf(name: string) {
  const folder = hostFolder(name);
  return {
    folder,
    /** What the container sees. */
    root: path.join(folder, "root"),
    /** What was written since the host was made. */
    upper: path.join(folder, "upper"),
    work: path.join(folder, "work"),
    disks: path.join(folder, "disks"),
    privateKey: path.join(folder, "id_ed25519"),
    knownHosts: path.join(folder, "known_hosts"),
    console: path.join(folder, "console.log"),
  };
}

const environment = {
  HOME: "/root",
  LANG: "C.UTF-8",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  TERM: "dumb",
};

// With the old hierarchies of a hybrid machine, which nspawn mounts read-only, libvirt cannot start any domain:
// "Failed to create v1 controller cpu for group: Read-only file system". Only cgroup2 visible, it does without.
const nspawnEnvironment = {
  PATH: environment.PATH,
  SYSTEMD_SECCOMP: "0",
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1",
};

const nspawnArguments = ["--quiet", "--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off"];

/** Boots the container of a host whose root, network and disks are there, and waits until systemd has started what is enabled. */
export async function boot(name: string, seconds: number): Promise<void> {
  const entry = entryOf(name);
  const layout = layoutOf(name);
  const log = fs.openSync(layout.console, "a");
  const container = spawn(
    "/bin/sh",
    [
      // Kept in its unit, nspawn does not reboot by itself but leaves that, with exit code 133, to who started it.
      ...[
        "-c",
        `${enterControlGroups(name)}while systemd-nspawn "$@"; [ $? = 133 ]; do :; done`,
        "sh",
        ...nspawnArguments,
      ],
      `--directory=${layout.root}`,
      `--machine=hostmem-${name}`,
      `--hostname=${entry.hostname}`,
      `--network-namespace-path=${networkOf(entry.number).namespacePath}`,
      "--capability=all",
      ...(await deviceArguments(name)),
    ],
    { detached: true, stdio: ["ignore", log, log], env: nspawnEnvironment },
  );
  fs.closeSync(log);
  container.unref();
  writeEntry({ ...entry, container: container.pid === undefined ? undefined : identify(container.pid) });
  await waitForBoot(name, seconds);
}

/**
 * systemd has no device units, and leaves devices in fstab alone, where /sys is read-only; udev does not start there.
 * Both look at the top of /sys only. So that becomes writable, which is of no use to anybody, and everything below it
 * stays read-only, but for the entries of the host's own disks: udev asks the kernel through them for events; and but for
 * the NUMA nodes, where the pools of huge pages are. Those are the machine's own: who sets them gives them back.
 * And systemd listens to udev only if udev's control socket, or something in its place, is there before systemd starts.
 */
async function deviceArguments(name: string): Promise<string[]> {
  const disks = (await disksOf(name)).filter((disk) => !entryOf(name).unplugged?.includes(disk.index));
  const devices = disks.map((disk) => disk.device);
  const entries = devices.map((device) => `/sys/devices/virtual/block/${path.basename(device)}`);
  const binds = [...devices, ...entries, "/sys/devices/system/node"].map((file) => `--bind=${file}`);
  const init = `
    for folder in block bus class dev devices firmware hypervisor kernel module power; do
      [ -d /sys/$folder ] || continue
      mount --rbind /sys/$folder /sys/$folder && mount -o remount,bind,ro /sys/$folder || exit 1
    done
    mount -o remount,bind,rw /sys && mkdir -p /run/udev && : > /run/udev/control && exec /sbin/init`;
  return [...binds, "--kill-signal=SIGRTMIN+3", "/bin/sh", "-c", init];
}

// Early on the container still sees this machine's files, and would ask this machine's systemd.
const askState = "test -e /run/host/container-manager && systemctl is-system-running";

/** Waits until systemd says that everything enabled has been started (or has failed). */
export async function waitForBoot(name: string, seconds: number, otherLeaderThan?: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let state = "";
  while (Date.now() < end) {
    if (!isAlive(entryOf(name).container)) {
      throw new LabError(`${name} went down while it was booting\n${tail(readConsole(name))}`);
    }
    const leader = leaderOf(name);
    if (leader !== undefined && leader !== otherLeaderThan) {
      const result = await executeIn(name, askState, { seconds: 10 }).catch(() => undefined);
      state = result?.stdout.trim() ?? "";
      if (state === "running" || state === "degraded") {
        return;
      }
    }
    await sleep(50);
  }
  const jobs = await executeIn(name, "systemctl list-jobs --no-pager; systemctl --failed --no-pager").catch(
    () => undefined,
  );
  throw new LabError(
    `${name} is not up after ${seconds} s (${state})\n${jobs?.stdout ?? ""}\n${tail(readConsole(name))}`,
  );
}

function readConsole(name: string): string {
  return fs.existsSync(layoutOf(name).console) ? fs.readFileSync(layoutOf(name).console, "utf8") : "";
}

/** The container's first process as this machine numbers it; another one after every reboot. */
export function leaderOf(name: string): number | undefined {
  const container = readEntry(name)?.container;
  if (!container || !isAlive(container)) {
    return undefined;
  }
  const nspawn = firstChild(container.pid);
  return nspawn === undefined ? undefined : firstChild(nspawn);
}

function firstChild(pid: number): number | undefined {
  try {
    const child = Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
    return child > 0 ? child : undefined;
  } catch {
    return undefined;
  }
}

/** Is the container there? */
export function isContainerUp(name: string): boolean {
  return leaderOf(name) !== undefined;
}

/** Runs a bash script as root in the running container. */
export async function executeIn(name: string, script: string, options: CommandOptions = {}): Promise<CommandResult> {
  const leader = leaderOf(name);
  if (leader === undefined) {
    throw new LabError(`${name} is not running`);
  }
  const seconds = options.seconds ?? 60;
  const result = await execute(
    "nsenter",
    [
      ...["--target", String(leader), "--mount", "--uts", "--ipc", "--net", "--pid"],
      // The bound is kept inside as well: killing nsenter would leave what it started running in the container.
      ...["timeout", "--kill-after=5", String(seconds), "bash", "-c", script],
    ],
    { ...options, seconds: seconds + 15, environment: { ...environment, ...options.environment } },
  );
  if (result.exitCode === 124 || result.exitCode === 137) {
    result.stderr += `\n(ended after ${seconds} s)`;
  }
  return result;
}

/** Runs a script of `image/` in a root that no container uses. */
export async function runOffline(root: string, script: string): Promise<void> {
  const mount = `--bind-ro=${path.join(sourceFolder(), "image")}:/lab`;
  await run(
    "systemd-nspawn",
    [...nspawnArguments, `--directory=${root}`, "--private-network", mount, "--pipe", "/bin/bash", `/lab/${script}`],
    { seconds: 600, environment: nspawnEnvironment },
  );
}

/** Asks the host to power off; what is still there after the time is killed. */
export async function powerOff(name: string, seconds: number): Promise<void> {
  await executeIn(name, "systemctl --no-block poweroff", { seconds: 10 }).catch(() => {});
  const end = Date.now() + seconds * 1000;
  while (isAlive(readEntry(name)?.container) && Date.now() < end) {
    await sleep(50);
  }
  await kill(name);
}

/** Ends the container at once, as a power cut would, and waits until every process of it is gone. */
export async function kill(name: string): Promise<void> {
  const entry = readEntry(name);
  const leader = leaderOf(name);
  if (leader !== undefined) {
    process.kill(leader, "SIGKILL");
  }
  const end = Date.now() + 3000;
  while (isAlive(entry?.container) && Date.now() < end) {
    await sleep(20);
  }
  if (entry?.container && isAlive(entry.container)) {
    process.kill(entry.container.pid, "SIGKILL");
  }
  await removeControlGroups(name);
  if (entry) {
    writeEntry({ ...entry, container: undefined });
  }
}

/** Reboots and waits until the host is up again. */
export async function reboot(name: string, seconds: number): Promise<void> {
  const before = leaderOf(name);
  await executeIn(name, "systemctl --no-block reboot", { seconds: 10 });
  await retryFor(seconds, `${name} reboots`, async () => {
    if (leaderOf(name) === before) {
      throw new LabError("still the same boot");
    }
  });
  await waitForBoot(name, seconds, before);
}
