import * as fs from "node:fs";
import * as path from "node:path";
import { hostFolder } from "./places";
import { execute, run } from "./process";

/** A spare disk of a host: a loop device of this machine. */
export interface Disk {
  /** 0 or 1: the last digit of its name in the host. */
  index: number;
  /** The loop device. */
  device: string;
}

const diskBytes = 1024 ** 3;
/** How many spare disks a container has. */
export const diskCount = 2;

interface LoopDevice {
  name: string;
  "back-file": string | null;
  "maj:min": string;
  "back-maj:min": string | null;
}

async function loopDevices(): Promise<LoopDevice[]> {
  const fields = "NAME,BACK-FILE,MAJ:MIN,BACK-MAJ:MIN";
  const text = await run("losetup", ["--json", "--list", "--output", fields]);
  return text.trim() === "" ? [] : (JSON.parse(text) as { loopdevices: LoopDevice[] }).loopdevices;
}

function diskFile(name: string, index: number): string {
  return path.join(hostFolder(name), "disks", `disk${index}`);
}

/** Makes the host's spare disks: sparse, so that they cost what is written to them. */
export async function createDisks(name: string): Promise<void> {
  fs.mkdirSync(path.join(hostFolder(name), "disks"));
  for (let index = 0; index < diskCount; index++) {
    fs.closeSync(fs.openSync(diskFile(name, index), "w"));
    fs.truncateSync(diskFile(name, index), diskBytes);
  }
  await attachDisks(name);
}

/** Attaches the disks that are not attached (after the machine itself was rebooted). */
export async function attachDisks(name: string): Promise<void> {
  const attached = new Set((await loopDevices()).map((device) => device["back-file"]));
  for (let index = 0; index < diskCount; index++) {
    if (!attached.has(diskFile(name, index))) {
      await forgetPartitions((await run("losetup", ["--find", "--show", diskFile(name, index)])).trim());
    }
  }
}

/** The host's disks with the loop devices they are on now. */
export async function disksOf(name: string): Promise<Disk[]> {
  const devices = await loopDevices();
  const disks: Disk[] = [];
  for (let index = 0; index < diskCount; index++) {
    const device = devices.find((candidate) => candidate["back-file"] === diskFile(name, index));
    if (device) {
      disks.push({ index, device: device.name });
    }
  }
  return disks;
}

/** Detaches the host's disks, and every loop device that somebody inside made of a file of the host's root. */
export async function detachDisks(name: string, root: string): Promise<void> {
  const { dev } = fs.existsSync(root) ? fs.statSync(root) : { dev: 0 };
  const rootDevice = `${dev >> 8}:${dev & 0xff}`;
  const isMounted = fs.existsSync(root) && dev !== fs.statSync(hostFolder(name)).dev;
  for (const device of await loopDevices()) {
    const isDisk = device["back-file"]?.startsWith(path.join(hostFolder(name), "disks") + path.sep) ?? false;
    if (isDisk || (isMounted && device["back-maj:min"]?.trim() === rootDevice)) {
      await forgetPartitions(device.name);
      await execute("losetup", ["--detach", device.name]);
    }
  }
}

/** Partitions that somebody told the kernel of outlive the loop device, and would be there for its next user. */
async function forgetPartitions(device: string): Promise<void> {
  await execute("partx", ["--delete", device]);
}
