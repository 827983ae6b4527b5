import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { layoutOf } from "../container";
import type { Image, Progress } from "../image";
import { withLock } from "../lock";
import { sourceFolder } from "../places";
import { describeFailure, LabError, run } from "../process";
import { identify, type RegisterEntry, register } from "../register";
import { removeHost } from "../takeDown";
import { cloneMachine } from "./clone";
import { boot, executeIn, freeze } from "./machine";
import { machineFiles, qemuArguments } from "./qemu";

const buildMinutes = 20;

/**
 * The folder of a machine that was stopped when it was up. Hosts go on from there: a boot takes an emulated processor
 * half a minute.
 */
export async function prepareTemplate(image: Image, progress: Progress): Promise<string> {
  const folder = path.join(image.folder, `running-${await shapeHash()}`);
  if (fs.existsSync(folder)) {
    return folder;
  }
  return withLock("template-vm", buildMinutes * 60, async () => {
    if (!fs.existsSync(folder)) {
      await build(image, folder, progress);
    }
    return folder;
  });
}

/** A state fits only the emulator and the machine that it was saved of. */
async function shapeHash(): Promise<string> {
  const version = await run("qemu-system-x86_64", ["--version"]);
  const shape = qemuArguments({ folder: "", bootFolder: "" });
  return createHash("sha256")
    .update(JSON.stringify([version, shape]))
    .digest("hex")
    .slice(0, 8);
}

async function build(image: Image, folder: string, progress: Progress) {
  const entry = await withLock("register", 60, async () =>
    register({ name: "template", exact: false }, { kind: "vm", owner: identify(process.pid), hostname: "compute" }),
  );
  try {
    progress("vm image: first boot");
    await cloneMachine(entry, image, { keepsMemory: true });
    await boot(entry.name, 300);
    await succeed(entry, imageScript("vm-template.sh"));
    // What is in the page cache would be in every copy's memory.
    await succeed(entry, "sync; echo 3 > /proc/sys/vm/drop_caches");
    progress("vm image: putting the running machine away");
    await freeze(entry.name);
    await keep(entry, folder);
  } finally {
    await removeHost(entry.name);
  }
}

function imageScript(name: string): string {
  return fs.readFileSync(path.join(sourceFolder(), "image", name), "utf8");
}

async function succeed(entry: RegisterEntry, script: string, seconds = 60): Promise<void> {
  const result = await executeIn(entry.name, script, { seconds });
  if (result.exitCode !== 0) {
    throw new LabError(describeFailure(script, result));
  }
}

async function keep(entry: RegisterEntry, folder: string): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  fs.rmSync(unfinished, { recursive: true, force: true });
  fs.mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  const files = [machineFiles.root, machineFiles.nvdimm, machineFiles.state, ...machineFiles.memory];
  const here = files.map((file) => path.join(layoutOf(entry.name).folder, file));
  await run("mv", [...here, unfinished], { seconds: 300 });
  fs.renameSync(unfinished, folder);
}
