import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { StackExport } from "../../engine/support/project";
import { type Files, LightHost } from "../sandbox/lightHost";

const repository = resolve(__dirname, "..", "..", "..", "..");

/** Where what each release left is kept, one folder a version. */
export const releasesFolder = join(repository, "test", "fixtures", "releases");

/** What a release left behind: Pulumi's state, and the files of a host. */
export interface Release {
  version: string;
  state: StackExport;
  host: Files;
}

/** Everything that has a resource of each kind in state. Written once: the state of a release holds its very inputs. */
export const releaseProgram = `
const { ComputeHost } = require("pulumi-hostmem");
new ComputeHost("compute-1", {
  connection: { host: "compute-1", transport: "local", user: "root", password: "not-needed" },
  become: "none",
  lockTimeoutSeconds: 60,
  allowHazards: ["guests-in-ram"],
  healthTimeoutSeconds: 120,
  backingStore: { fileSystem: "tmpfs", size: "64 MiB", mountPoint: "/srv/guest-memory" },
  fileBackedMemory: { capacity: "auto", reservedHostMemory: 0, discard: "auto" },
});
`;

/** Parts of a host where we leave something, or that we edit. */
export const leftOnHost = ["/etc/nova", "/etc/libvirt", "/etc/fstab", "/etc/systemd/system", "/var/lib/hostmem"];

export function readReleases(): Release[] {
  const read = (version: string, name: string) => JSON.parse(readFileSync(join(releasesFolder, version, name), "utf8"));
  const versions = existsSync(releasesFolder) ? readdirSync(releasesFolder).sort() : [];
  return versions.map((version) => ({
    version,
    state: read(version, "state.json"),
    host: read(version, "host.json"),
  }));
}

/** The host that a release left, after a boot. */
export async function bootedHost(host: Files): Promise<LightHost> {
  const booted = await LightHost.start(host);
  booted.run("mkdir -p /srv/guest-memory && mount /srv/guest-memory");
  return booted;
}
