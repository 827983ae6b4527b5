import * as fs from "node:fs";
import * as path from "node:path";
import { layoutOf } from "./container";
import { createDisks } from "./disks";
import { makeIdentity } from "./identity";
import type { Image } from "./image";
import { createNetwork } from "./network";
import { execute, LabError, run } from "./process";
import type { RegisterEntry } from "./register";

/** Makes a registered host out of an image: an overlay, an identity, a network, two disks. Nothing runs yet. */
export async function cloneImage(entry: RegisterEntry, image: Image): Promise<void> {
  const layout = layoutOf(entry.name);
  for (const folder of [layout.root, layout.upper, layout.work]) {
    fs.mkdirSync(folder, { mode: 0o755 });
  }
  const layers = `lowerdir=${image.layers.join(":")},upperdir=${layout.upper},workdir=${layout.work}`;
  await run("mount", ["-t", "overlay", "-o", layers, `hostmem-${entry.name}`, layout.root]);
  await identify(entry);
  await createNetwork(entry.number);
  await createDisks(entry.name);
}

/** Puts the host's identity into its root. */
async function identify(entry: RegisterEntry): Promise<void> {
  const inside = (file: string) => path.join(layoutOf(entry.name).root, file);
  const identity = await makeIdentity(entry);
  const hostKey = inside("/etc/ssh/ssh_host_ed25519_key");
  fs.writeFileSync(hostKey, identity.hostKey, { mode: 0o600 });
  fs.writeFileSync(`${hostKey}.pub`, identity.publicHostKey);

  const authorized = inside("/home/deploy/.ssh/authorized_keys");
  fs.writeFileSync(authorized, identity.authorizedKeys);
  const owner = fs.statSync(path.dirname(authorized));
  fs.chownSync(authorized, owner.uid, owner.gid);
  fs.chmodSync(authorized, 0o600);

  fs.writeFileSync(inside("/etc/machine-id"), identity.machineId);
  fs.chmodSync(inside("/etc/machine-id"), 0o444);
  fs.writeFileSync(inside("/etc/hostname"), `${entry.hostname}\n`);
  const hosts = fs.readFileSync(inside("/etc/hosts"), "utf8").replace(/^127\.0\.1\.1.*\n/m, "");
  fs.writeFileSync(inside("/etc/hosts"), `${hosts.trimEnd()}\n127.0.1.1\t${entry.hostname}\n`);
}

/** Takes the overlay off. A mount that something still uses goes away with its last user. */
export async function unmountClone(root: string): Promise<void> {
  const isMounted = () => fs.readFileSync("/proc/self/mounts", "utf8").includes(` ${root} `);
  for (const options of [[], ["--lazy"]]) {
    if (isMounted()) {
      await execute("umount", [...options, root]);
    }
  }
  if (isMounted()) {
    throw new LabError(`${root} cannot be unmounted`);
  }
}
