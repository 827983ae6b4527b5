import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { disksOf } from "../../support/lab/disks";
import type { LabHost } from "../../support/lab/labHost";
import { run } from "../../support/lab/process";

/** What is mounted at a path, by findmnt and stat on the host. */
export interface MountState {
  source: string;
  fstype: string;
  options: string[];
  /** `user:group mode` of what is mounted there. */
  access: string;
}

export async function mountAt(host: LabHost, path: string): Promise<MountState | undefined> {
  const found = await host.execute(`findmnt --json --mountpoint '${path}' --output SOURCE,FSTYPE,OPTIONS`);
  if (found.exitCode !== 0) return undefined;
  const all = (JSON.parse(found.stdout) as { filesystems: Record<"source" | "fstype" | "options", string>[] })
    .filesystems;
  assert.equal(all.length, 1, found.stdout);
  const { source, fstype, options } = all[0]!;
  const access = (await host.succeed(`stat -c '%U:%G %a' '${path}'`)).trim();
  return { source, fstype, options: options.split(","), access };
}

/** One value that `blkid -p` reads from a device, or nothing. */
export async function blkid(host: LabHost, device: string, tag: string): Promise<string> {
  return (await host.succeed(`blkid -p -o value -s ${tag} ${device} || :`)).trim();
}

/** Of every byte of a device that is not zero, and of its place, as it is on the disk, from outside of the host. */
export async function hashOf(host: LabHost, device: string): Promise<string> {
  const index = [host.disks, host.disksById].map((names) => names.indexOf(device)).find((found) => found >= 0);
  assert.ok(index !== undefined, `${device} is no disk of ${host.name}`);
  if (host.kind === "vm") {
    await host.succeed(`sync; blockdev --flushbufs ${device}`);
    return hashOfFile(host.diskFiles[index]!);
  }
  const { loop, file } = await backingFile(host, index);
  await run("blockdev", ["--flushbufs", loop]);
  await run("sync", [file]);
  return hashOfFile(file);
}

async function hashOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(pieceBytes);
  const zeros = Buffer.alloc(pieceBytes);
  const opened = await open(file);
  try {
    for (const place of await placesWithData(file)) {
      const { bytesRead } = await opened.read(piece, 0, piece.length, place);
      const bytes = piece.subarray(0, bytesRead);
      if (!bytes.equals(zeros.subarray(0, bytesRead))) hash.update(`${place} `).update(bytes);
    }
    return hash.digest("hex");
  } finally {
    await opened.close();
  }
}

const pieceBytes = 1024 ** 2;

/** Where the pieces of a sparse file begin that are not all hole: to read holes takes seconds, and fills the page cache. */
async function placesWithData(file: string): Promise<number[]> {
  const map = await run("qemu-img", ["map", "--force-share", "--output=json", "-f", "raw", file]);
  const places = new Set<number>();
  for (const { start, length, data } of JSON.parse(map) as { start: number; length: number; data: boolean }[]) {
    if (!data) continue;
    for (let place = start - (start % pieceBytes); place < start + length; place += pieceBytes) places.add(place);
  }
  return [...places];
}

async function backingFile(host: LabHost, index: number): Promise<{ loop: string; file: string }> {
  const disk = (await disksOf(host.name)).find((each) => each.index === index);
  assert.ok(disk);
  const file = (await run("losetup", ["--noheadings", "--output", "BACK-FILE", disk.device])).trim();
  return { loop: disk.device, file };
}

/** Makes one of the host's disks larger while the host runs, as a disk array does. */
export async function growDisk(host: LabHost, index: number, mib: number): Promise<void> {
  const { loop, file } = await backingFile(host, index);
  await run("truncate", ["--size", `${mib}M`, file]);
  await run("losetup", ["--set-capacity", loop]);
}

/** Blank again, and as large as it was made. */
export async function blankDisks(host: LabHost): Promise<void> {
  for (const [index, disk] of host.disks.entries()) {
    // partx takes a digit at the end of a link's name for the number of a partition.
    await host.succeed(
      `partx --delete "$(readlink -f ${disk})" 2>/dev/null || :; wipefs -q -a ${disk}; blkdiscard -f ${disk}`,
    );
    await growDisk(host, index, 1024);
  }
}
