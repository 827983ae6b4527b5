import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { layoutOf } from "../container";
import { enterControlGroups, removeControlGroups } from "../controlGroup";
import { networkOf } from "../network";
import { type CommandOptions, type CommandResult, LabError, retryFor, sleep, tail } from "../process";
import { entryOf, identify, isAlive, type MachineStart, readEntry, writeEntry } from "../register";
import { executeThroughAgent } from "./agent";
import { machineFiles, qemuArguments } from "./qemu";
import { askQemu } from "./qmp";

/**
 * How often a machine is started again that goes down while it boots: QEMU 7.2 itself dies now and then of a protection
 * fault, in its first seconds. For the machine that is one more power cut.
 */
const startsAgain = 2;

/** Starts a machine whose disks are there, and waits until systemd has started what is enabled. */
export async function boot(name: string, seconds: number): Promise<void> {
  const { machine } = entryOf(name);
  if (!machine) {
    throw new LabError(`${name} is not a machine that was made whole`);
  }
  if (machine.resumeFrom) {
    await startQemu(name, machine);
    await resume(name, machine.resumeFrom);
    // From now on it boots as any machine.
    const { resumeFrom: _, ...booting } = machine;
    writeEntry({ ...entryOf(name), machine: booting });
    return waitForBoot(name, seconds);
  }
  for (let again = 0; ; again++) {
    try {
      await startQemu(name, machine);
      return await waitForBoot(name, seconds);
    } catch (error) {
      if (isUp(name) || again === startsAgain) {
        throw error;
      }
      console.error(`lab: ${name} went down while it booted, starts it again`);
      await kill(name);
    }
  }
}

async function startQemu(name: string, machine: MachineStart): Promise<void> {
  const { folder, console } = layoutOf(name);
  const { number, unplugged } = entryOf(name);
  const memory = machine.keepsMemory
    ? { folder, mode: "write" as const }
    : machine.resumeFrom && { folder: machine.resumeFrom, mode: "copy" as const };
  const args = qemuArguments({
    folder,
    bootFolder: machine.bootFolder,
    interface: networkOf(number).interface,
    ...(unplugged ? { unplugged } : {}),
    ...(memory ? { memory } : {}),
    incoming: machine.resumeFrom !== undefined,
  });
  const log = fs.openSync(console, "a");
  const qemu = spawn("/bin/sh", ["-c", `${enterControlGroups(name)}exec qemu-system-x86_64 "$@"`, "sh", ...args], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  fs.closeSync(log);
  qemu.unref();
  writeEntry({ ...entryOf(name), container: qemu.pid === undefined ? undefined : identify(qemu.pid) });
  const socket = path.join(folder, machineFiles.qmp);
  await retryFor(20, `${name} starts`, async () => {
    failIfDown(name);
    await askQemu(socket, []);
  });
}

/** What is saved of a machine leaves its memory out, which is in the files that it is started with. */
const leaveMemoryOut = {
  execute: "migrate-set-capabilities",
  arguments: { capabilities: [{ capability: "x-ignore-shared", state: true }] },
};

async function resume(name: string, from: string): Promise<void> {
  const socket = path.join(layoutOf(name).folder, machineFiles.qmp);
  const source = `exec:cat '${path.join(from, machineFiles.state)}'`;
  await askQemu(socket, [leaveMemoryOut, { execute: "migrate-incoming", arguments: { uri: source } }]);
  await waitForMigration(name, socket);
  await askQemu(socket, [{ execute: "cont" }]);
}

/** Stops a machine that keeps its memory in files, for ever, and writes down what is needed to go on with it. */
export async function freeze(name: string): Promise<void> {
  const { folder } = layoutOf(name);
  const socket = path.join(folder, machineFiles.qmp);
  const target = `exec:cat > '${path.join(folder, machineFiles.state)}'`;
  await askQemu(socket, [{ execute: "stop" }, leaveMemoryOut, { execute: "migrate", arguments: { uri: target } }]);
  await waitForMigration(name, socket);
  await askQemu(socket, [{ execute: "quit" }]);
  await waitForEnd(name, 30);
}

async function waitForMigration(name: string, socket: string): Promise<void> {
  for (const end = Date.now() + 60_000; ; await sleep(20)) {
    failIfDown(name);
    const [answer] = (await askQemu(socket, [{ execute: "query-migrate" }])) as { status?: string }[];
    if (answer?.status === "completed") {
      return;
    }
    if (answer?.status === "failed" || Date.now() > end) {
      throw new LabError(`the state of ${name} cannot be moved (${answer?.status})\n${readConsole(name)}`);
    }
  }
}

function failIfDown(name: string): void {
  if (!isUp(name)) {
    throw new LabError(`${name} went down\n${readConsole(name)}`);
  }
}

/** The end of what QEMU and the machine's kernel said. */
function readConsole(name: string): string {
  const { console, folder } = layoutOf(name);
  const files = [console, path.join(folder, machineFiles.serial)].filter((file) => fs.existsSync(file));
  return files.map((file) => tail(fs.readFileSync(file, "utf8"))).join("\n");
}

const askState = "cat /proc/sys/kernel/random/boot_id; systemctl is-system-running || true";

/** Waits until systemd says that everything enabled has been started (or has failed). */
async function waitForBoot(name: string, seconds: number, otherBootThan?: string): Promise<void> {
  let state = "";
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(200)) {
    failIfDown(name);
    const result = await executeThroughAgent(layoutOf(name).folder, askState, { seconds: 20 }, 10).catch(
      () => undefined,
    );
    const [bootId, now = ""] = result?.stdout.split("\n") ?? [];
    state = now;
    if (bootId !== otherBootThan && (state === "running" || state === "degraded")) {
      return;
    }
  }
  const jobs = await executeIn(name, "systemctl list-jobs --no-pager; systemctl --failed --no-pager").catch(
    () => undefined,
  );
  throw new LabError(`${name} is not up after ${seconds} s (${state})\n${jobs?.stdout ?? ""}\n${readConsole(name)}`);
}

/** Is the machine there? */
export function isUp(name: string): boolean {
  return isAlive(readEntry(name)?.container);
}

/** Runs a bash script as root in the running machine. */
export async function executeIn(name: string, script: string, options: CommandOptions = {}): Promise<CommandResult> {
  if (!isUp(name)) {
    throw new LabError(`${name} is not running`);
  }
  return executeThroughAgent(layoutOf(name).folder, script, options);
}

/** Asks the machine to power off; what is still there after the time is cut off. */
export async function powerOff(name: string, seconds: number): Promise<void> {
  await executeIn(name, "systemctl --no-block poweroff", { seconds: 10 }).catch(() => {});
  await waitForEnd(name, seconds).catch(() => {});
  await kill(name);
}

async function waitForEnd(name: string, seconds: number): Promise<void> {
  for (const end = Date.now() + seconds * 1000; isUp(name); await sleep(50)) {
    if (Date.now() > end) {
      throw new LabError(`${name} is still there after ${seconds} s`);
    }
  }
}

/** Cuts the power: what the machine had not flushed to its disks is lost. */
export async function kill(name: string): Promise<void> {
  const entry = readEntry(name);
  if (entry?.container && isAlive(entry.container)) {
    process.kill(entry.container.pid, "SIGKILL");
  }
  await removeControlGroups(name);
  if (entry) {
    await waitForEnd(name, 10);
    writeEntry({ ...entry, container: undefined });
  }
}

/** Reboots and waits until the machine is up again. */
export async function reboot(name: string, seconds: number): Promise<void> {
  const before = await executeIn(name, "cat /proc/sys/kernel/random/boot_id; systemctl --no-block reboot");
  await waitForBoot(name, seconds, before.stdout.trim());
}
