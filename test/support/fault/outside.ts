import * as fs from "node:fs";
import * as path from "node:path";
import { leaderOf } from "../lab/container";
import type { LabHost } from "../lab/labHost";
import { ordinaryWrites, recordUpper } from "../lab/upperRecord";

/** A host as this machine sees it, in milliseconds and without running anything on it: what hundreds of cuts can afford. */
export interface OutsideView {
  /** Path to state: every file written since the host was made. */
  files: Map<string, string>;
  mounts: string[];
}

/** Beside what any host writes by itself. */
const notOurs: RegExp[] = [
  ...ordinaryWrites,
  /^\/var\/tmp\/(cutter|watched-shell)$/,
  // Folders and logs are what the watched services make of them.
  /^\/var\/log\//,
  /^\/var\/(lib|cache)\/(systemd|private|nova|libvirt\/(qemu\/(checkpoint|domain|nvram|save|snapshot|channel)|dnsmasq))/,
  /^\/var\/lib\/libvirt\/qemu$/,
];

export function viewHost(host: LabHost): OutsideView {
  const files = recordUpper(host, notOurs);
  // Another one each time an emptied host gets its first object.
  const hostId = "/var/lib/hostmem/host-id";
  const state = files.get(hostId);
  if (state) files.set(hostId, state.replace(/ sha256 .*/, ""));
  return { files, mounts: mountsOf(host) };
}

/** Mount points with source, type and access, as the host's first process sees them. */
function mountsOf(host: LabHost): string[] {
  const process = `/proc/${leaderOf(host.name)}`;
  const lines = fs.readFileSync(`${process}/mountinfo`, "utf8").trim().split("\n");
  return lines
    .filter((line) => !/ \/run\/(user|credentials)\//.test(line))
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const target = before.split(" ")[4]!;
      const { mode, uid, gid } = fs.statSync(`${process}/root${target}`);
      return `${target} ${after.split(" ").slice(0, 2).join(" ")} ${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
    })
    .sort();
}

/** Temporary files and work folders of applies that are on the host now. */
export function leftovers(host: LabHost): string[] {
  const run = fs.readdirSync(`/proc/${leaderOf(host.name)}/root/run`).filter((name) => /^hostmem\.\w{16}$/.test(name));
  const files = [...recordUpper(host, notOurs)]
    .filter(([file, state]) => state !== "removed" && /\.hostmem-new$/.test(file))
    .map(([file]) => file);
  return [...run.map((name) => `/run/${name}`), ...files];
}

/** A text file of the host, or nothing. */
export function textOf(host: LabHost, file: string): string | undefined {
  const inside = path.join(host.rootDirectory, file);
  return fs.existsSync(inside) ? fs.readFileSync(inside, "utf8") : undefined;
}

/** What is neither as in one view nor as in the other, one line each: half-written files, and whatever else nobody meant. */
export function neither(before: OutsideView, after: OutsideView, now: OutsideView): string[] {
  const wrong: string[] = [];
  for (const file of new Set([...before.files.keys(), ...after.files.keys(), ...now.files.keys()])) {
    const [was, will, is] = [before, after, now].map((view) => view.files.get(file));
    // A file that is removed again shows in the overlay, or not, depending on whether it was there before.
    if (isSame(is, was) || isSame(is, will)) continue;
    wrong.push(`${file}: was ${was}, becomes ${will}, is ${is}`);
  }
  for (const mount of now.mounts) {
    if (!before.mounts.includes(mount) && !after.mounts.includes(mount)) wrong.push(`mount ${mount}`);
  }
  return wrong;
}

export function differences(expected: OutsideView, now: OutsideView): string[] {
  const mounts = expected.mounts.join("\n") === now.mounts.join("\n") ? [] : [`mounts: ${now.mounts.join(", ")}`];
  return [...neither(expected, expected, now), ...mounts];
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  const gone = (state: string | undefined) => state === undefined || state === "removed";
  return one === other || (gone(one) && gone(other));
}
