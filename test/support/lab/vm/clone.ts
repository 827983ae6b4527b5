import * as fs from "node:fs";
import * as path from "node:path";
import { layoutOf } from "../container";
import { makeIdentity } from "../identity";
import type { Image } from "../image";
import { createTap, networkOf } from "../network";
import { LabError, retryFor, run } from "../process";
import { type MachineStart, type RegisterEntry, writeEntry } from "../register";
import { boot, executeIn } from "./machine";
import { machineFiles, nvdimmMib, rootDiskFile, spareDiskBytes, spareDisks } from "./qemu";

/** Makes the disks, memory and network of a registered host. Nothing runs yet. */
export async function cloneMachine(entry: RegisterEntry, image: Image, start: Omit<MachineStart, "bootFolder">) {
  const { folder, disks } = layoutOf(entry.name);
  const inside = (file: string) => path.join(folder, file);
  const from = start.resumeFrom;
  const [below, format] = from
    ? [path.join(from, machineFiles.root), "qcow2"]
    : [path.join(image.folder, rootDiskFile), "raw"];
  await run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", below, "-F", format, inside(machineFiles.root)]);
  fs.mkdirSync(disks);
  for (let index = 0; index < spareDisks; index++) {
    makeSparse(inside(machineFiles.disk(index)), spareDiskBytes);
  }
  makeSparse(inside(machineFiles.nvdimm), nvdimmMib * 1024 ** 2);
  if (from) {
    await run("cp", ["--sparse=always", path.join(from, machineFiles.nvdimm), folder]);
  }
  await createTap(entry.number);
  writeEntry({ ...entry, machine: { ...start, bootFolder: image.folder } });
}

function makeSparse(file: string, bytes: number): void {
  fs.closeSync(fs.openSync(file, "wx", 0o600));
  fs.truncateSync(file, bytes);
}

/** Goes on with a stopped machine as another host: with an identity of its own, and the time of today. */
export async function startAsNew(entry: RegisterEntry, seconds: number): Promise<void> {
  await boot(entry.name, seconds);
  const identity = await makeIdentity(entry);
  const address = networkOf(entry.number).address;
  const script = `
    date --utc --set=@${Math.ceil(Date.now() / 1000)} > /dev/null
    rm -f /etc/ssh/ssh_host_*
    put() { (umask 077 && cat > "$2") && chmod "$1" "$2"; }
    put 600 /etc/ssh/ssh_host_ed25519_key << 'END'
${identity.hostKey}END
    put 644 /etc/ssh/ssh_host_ed25519_key.pub << 'END'
${identity.publicHostKey}END
    put 600 /home/deploy/.ssh/authorized_keys << 'END'
${identity.authorizedKeys}END
    chown --reference=/home/deploy/.ssh /home/deploy/.ssh/authorized_keys
    install -D -m 600 /home/deploy/.ssh/authorized_keys /root/.ssh/authorized_keys
    put 444 /etc/machine-id << 'END'
${identity.machineId}END
    echo ${address} > /etc/lab-address
    systemctl restart lab-network
    systemctl reload ssh
    sync`;
  const result = await executeIn(entry.name, `set -euo pipefail\n${script}`, { seconds: 120 });
  if (result.exitCode !== 0) {
    throw new LabError(`${entry.name} cannot be made a host of its own: ${result.stderr}`);
  }
  const expected = fs.readFileSync(layoutOf(entry.name).knownHosts, "utf8").trim();
  await retryFor(60, `${entry.name} lets in by SSH`, async () => {
    const key = await run("ssh-keyscan", ["-T", "10", "-t", "ed25519", address]);
    if (key.trim() !== expected) {
      throw new LabError(`it shows ${key}`);
    }
  });
}
