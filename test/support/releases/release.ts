import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { StackExport } from "../../engine/support/project";
import { type Files, LightHost } from "../sandbox/lightHost";
import type { LoopDisk } from "../store/loopDisk";
import { type Pieces, writePieces } from "../store/recordedContent";

const repository = resolve(__dirname, "..", "..", "..", "..");

/** Where what each release left is kept, one folder a version, one file a situation. */
export const releasesFolder = join(repository, "test", "fixtures", "releases");

/** What a release left behind: Pulumi's state, the files of a host, and what was on its disk. */
export interface Left {
  state: StackExport;
  host: Files;
  disk?: Pieces;
}

/** How a release was left. */
export interface Situation {
  /** The JavaScript that was run last. */
  program: string;
  /** What was run before it, whose state is lost. */
  lost?: string;
  /** The host has a disk. */
  hasDisk?: true;
}

/** Where guests' memory is, in all of them. */
export const mountPoint = "/srv/guest-memory";
/** The name of the disk on the host: it is part of what makes the UUID of the file system. */
export const diskName = "guest-memory";
export const diskMib = 340;

const usualConnection = '{ host: "localhost", transport: "local", user: "root" }';
/** Connections that are refused by now, unless a state has them. */
const formerConnections: Record<string, string> = {
  "0.1.0": '{ host: "compute-1", transport: "local", user: "root", password: "not-needed" }',
};

const begin = `
const { ComputeHost, FileBackedMemoryConfig } = require("pulumi-hostmem");
const connection = ${usualConnection};
const become = "none";
`;
const deferred = (name: string, more = "") =>
  `${begin}new FileBackedMemoryConfig("${name}", { connection, become, capacity: "1 GiB", activation: "deferred"${more} });\n`;

/** Written once: the state of a release holds its very inputs. A later release may add to them, and changes none. */
export const situations: Record<string, Situation> = {
  "a compute host with all that there is": {
    program: `${begin}
new ComputeHost("compute-1", {
  connection,
  become,
  lockTimeoutSeconds: 60,
  allowHazards: ["guests-in-ram"],
  healthTimeoutSeconds: 120,
  backingStore: { fileSystem: "tmpfs", size: "64 MiB", mountPoint: "${mountPoint}" },
  fileBackedMemory: { capacity: "auto", reservedHostMemory: 0, discard: "auto" },
});
`,
  },
  "a store on a disk": {
    program: `${begin}
new ComputeHost("compute-1", {
  connection,
  become,
  backingStore: { device: "/dev/disk/by-id/${diskName}", fileSystem: "ext4", mountPoint: "${mountPoint}" },
  fileBackedMemory: { capacity: "auto" },
});
`,
    hasDisk: true,
  },
  "a restart that is outstanding": { program: deferred("compute-1") },
  "a configuration that was taken over": {
    lost: deferred("before"),
    program: `${begin}new FileBackedMemoryConfig("compute-1", { connection, become, capacity: "1 GiB", takeOverFrom: "hostmem-test/test/before" });\n`,
  },
};

/** A situation's program in the words that a release was recorded with. */
export function asRecorded(version: string, program: string): string {
  return program.replace(usualConnection, formerConnections[version] ?? usualConnection);
}

/** Parts of a host where we leave something, or that we edit. */
export const leftOnHost = ["/etc/nova", "/etc/libvirt", "/etc/fstab", "/etc/systemd/system", "/var/lib/hostmem"];

/** What each release left in each situation. */
export function readReleases(): Map<string, Map<string, Left>> {
  const versions = existsSync(releasesFolder) ? readdirSync(releasesFolder).sort() : [];
  return new Map(
    versions.map((version) => {
      const names = Object.keys(situations).filter((name) => existsSync(fileOf(version, name)));
      return [version, new Map(names.map((name) => [name, JSON.parse(readFileSync(fileOf(version, name), "utf8"))]))];
    }),
  );
}

export function fileOf(version: string, situation: string): string {
  return join(releasesFolder, version, `${situation.replaceAll(" ", "-")}.json`);
}

/** A host, with a disk under the name that programs know it by. */
export async function hostWith(disk: LoopDisk | undefined, files: Files = {}): Promise<LightHost> {
  const host = await LightHost.start(files);
  if (disk !== undefined) {
    const folder = "/dev/disk";
    host.run(
      `mkdir -p ${folder} && mount -t tmpfs tmpfs ${folder} && mkdir ${folder}/by-id && ln -s ${disk.device} ${folder}/by-id/${diskName}`,
    );
  }
  return host;
}

/** The host that a release left, after a boot. */
export async function bootedHost(left: Left, disk: LoopDisk | undefined): Promise<LightHost> {
  if (left.disk && disk) writePieces(left.disk, disk.device);
  const booted = await hostWith(disk, left.host);
  if (left.host["/etc/fstab"]?.includes(mountPoint)) booted.run(`mkdir -p ${mountPoint} && mount ${mountPoint}`);
  return booted;
}
