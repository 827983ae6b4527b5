import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real block device of this machine with nothing on it: a sparse file behind a loop device. */
export class LoopDisk {
  private constructor(
    private readonly folder: string,
    /** Such as /dev/loop7. */
    readonly device: string,
  ) {}

  static make(mib: number, options: readonly string[] = []): LoopDisk {
    const folder = mkdtempSync(join(tmpdir(), "hostmem-disk-"));
    const file = join(folder, "disk");
    writeFileSync(file, "");
    truncateSync(file, mib * 1024 ** 2);
    const device = execFileSync("losetup", ["--find", "--show", ...options, file], { encoding: "utf8" }).trim();
    const disk = new LoopDisk(folder, device);
    disk.forgetPartitions();
    return disk;
  }

  /** Of every byte, as the device shows it. */
  hash(): string {
    // A mount writes its superblock a little later.
    spawnSync("sync");
    spawnSync("blockdev", ["--flushbufs", this.device]);
    const hash = createHash("sha256");
    const file = openSync(this.device, "r");
    const piece = Buffer.allocUnsafe(4 * 1024 ** 2);
    for (let length = 1; length > 0; hash.update(piece.subarray(0, length))) {
      length = readSync(file, piece, 0, piece.length, null);
    }
    closeSync(file);
    return hash.digest("hex");
  }

  /** As a disk array or hypervisor makes a disk larger under a running host. */
  grow(mib: number): void {
    truncateSync(join(this.folder, "disk"), mib * 1024 ** 2);
    execFileSync("losetup", ["--set-capacity", this.device]);
  }

  /** Takes away whatever a test left on it. */
  remove(): void {
    const mounts = readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" "));
    const partitions = new RegExp(`^${this.device}(p\\d+)?$`);
    for (const [source = ""] of mounts) if (partitions.test(source)) spawnSync("umount", ["--all-targets", source]);
    spawnSync("swapoff", [this.device]);
    this.forgetPartitions();
    execFileSync("losetup", ["--detach", this.device]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Those that somebody told the kernel of outlive the loop device, and would be there for its next user. */
  private forgetPartitions(): void {
    spawnSync("partx", ["--delete", this.device]);
  }
}

/** Runs a bash script, `set -eu`, in which `$1` is the device. */
export function onDisk(script: string, device: string, path = process.env["PATH"]): string {
  const done = spawnSync("bash", ["-c", `set -eu\n${script}`, "bash", device], {
    encoding: "utf8",
    timeout: 120_000,
    env: { PATH: `${path}:/usr/sbin:/sbin`, LC_ALL: "C", HOME: "/root" },
  });
  if (done.status !== 0) throw new Error(`${script}\nexit code ${done.status}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}
