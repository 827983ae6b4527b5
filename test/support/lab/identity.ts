import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { layoutOf } from "./container";
import { networkOf } from "./network";
import { run } from "./process";
import type { RegisterEntry } from "./register";

/** What no two hosts may share, and who may log in: the content of files of the host. */
export interface Identity {
  machineId: string;
  hostKey: string;
  publicHostKey: string;
  authorizedKeys: string;
}

/** Makes the keys of a host, and puts into its folder what a client needs: its own key, and the host's to expect. */
export async function makeIdentity(entry: RegisterEntry): Promise<Identity> {
  const layout = layoutOf(entry.name);
  const hostKeyFile = `${layout.folder}/host_key`;
  await newKey(hostKeyFile, `root@${entry.hostname}`);
  await newKey(layout.privateKey, `lab@${entry.name}`);
  const publicHostKey = fs.readFileSync(`${hostKeyFile}.pub`, "utf8");
  const withoutComment = publicHostKey.split(" ").slice(0, 2).join(" ");
  fs.writeFileSync(layout.knownHosts, `${networkOf(entry.number).address} ${withoutComment}\n`, { mode: 0o600 });
  return {
    machineId: `${randomBytes(16).toString("hex")}\n`,
    hostKey: fs.readFileSync(hostKeyFile, "utf8"),
    publicHostKey,
    authorizedKeys: fs.readFileSync(`${layout.privateKey}.pub`, "utf8"),
  };
}

async function newKey(file: string, comment: string): Promise<void> {
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file]);
}
