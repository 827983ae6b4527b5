import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { LabHost } from "./labHost";

/** Every path that was written or removed since the host was made, with its state. */
export type UpperRecord = Map<string, string>;

/**
 * What a host writes by itself, and what any login with sudo makes it write; found by recording idle hosts for minutes.
 * /run and /tmp are file systems of their own and never show here.
 */
export const ordinaryWrites: RegExp[] = [
  /^\/var\/log\/(journal|nova|placement|glance|rabbitmq|libvirt)$/,
  /^\/var\/log\/(wtmp|btmp|lastlog|faillog|auth\.log)$/,
  // The databases of the control plane, which Nova and placement write to every few seconds.
  /^\/var\/lib\/(nova|placement|glance)\/[^/]*\.sqlite(-wal|-shm|-journal)?$/,
  /^\/var\/lib\/rabbitmq$/,
  // nova-compute's note that it shares this folder, written by a periodic task.
  /^\/var\/lib\/nova\/instances\/compute_nodes$/,
  // sudo tells every user once what he may do, before it asks for a password the first time.
  /^\/var\/lib\/sudo\/lectured$/,
];

/**
 * Records what the overlay of a host has taken: the proof that nothing was written, whatever a tool says of itself.
 * Reads on this machine, so that looking leaves no trace on the host.
 */
export function recordUpper(host: LabHost, ignored: RegExp[] = ordinaryWrites): UpperRecord {
  const record: UpperRecord = new Map();
  const visit = (relative: string) => {
    for (const name of fs.readdirSync(path.join(host.upperDirectory, relative)).sort()) {
      const inside = `${relative}/${name}`;
      if (ignored.some((pattern) => pattern.test(inside))) {
        continue;
      }
      const state = stateOf(path.join(host.upperDirectory, inside));
      if (state !== undefined) {
        record.set(inside, state);
        if (state.startsWith("folder")) {
          visit(inside);
        }
      }
    }
  };
  visit("");
  return record;
}

/** The state of one path; undefined if it is gone meanwhile. */
function stateOf(file: string): string | undefined {
  try {
    const found = fs.lstatSync(file);
    const rights = `${(found.mode & 0o7777).toString(8)} ${found.uid}:${found.gid}`;
    if (found.isDirectory()) {
      return `folder ${rights}`;
    }
    if (found.isSymbolicLink()) {
      return `link to ${fs.readlinkSync(file)}`;
    }
    if (found.isFile()) {
      const hash = createHash("sha256").update(fs.readFileSync(file)).digest("hex").slice(0, 16);
      return `file ${rights} ${found.size} bytes sha256 ${hash}`;
    }
    // overlayfs marks what was removed from a layer below with a character device 0:0.
    return found.isCharacterDevice() && found.rdev === 0 ? "removed" : `special ${rights} ${found.rdev}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

/** What is different between two records, one line each. */
export function compareUpper(before: UpperRecord, after: UpperRecord): string[] {
  const differences: string[] = [];
  for (const file of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [was, is] = [before.get(file), after.get(file)];
    if (was !== is) {
      differences.push(`${file}: ${was === undefined ? "untouched" : was}, now ${is ?? "as in the image"}`);
    }
  }
  return differences;
}
