import * as fs from "node:fs";
import * as path from "node:path";
import type { LabHost } from "../lab/labHost";
import { textOf, viewHost } from "./outside";

const stateFolder = "/var/lib/hostmem";
const edited = ["/etc/fstab", "/etc/nova/nova.conf", "/etc/libvirt/qemu.conf"];
const guards = ["libvirtd", "virtqemud"].map((unit) => `/etc/systemd/system/${unit}.service.d/hostmem-store.conf`);

interface Record {
  edits: { ours: string[]; before: string | null }[];
  store?: { mountPoint: string; mounted: boolean; madeDirectory?: string; files: string[] };
}

/** What a host is without us, as far as records of ours explain what is different. */
export interface Original {
  /** The lines of each file that applies edit. */
  lines: Map<string, string[]>;
  hadFolder: boolean;
  hadMount: boolean;
}

export function originalOf(host: LabHost, mountPoint: string): Original {
  return {
    lines: new Map(edited.map((file) => [file, (textOf(host, file) ?? "").split("\n")])),
    hadFolder: fs.existsSync(path.join(host.rootDirectory, mountPoint)),
    hadMount: viewHost(host).mounts.some((mount) => mount.startsWith(`${mountPoint} `)),
  };
}

/**
 * What of us is on a host without a record there that tells of it, one line each. Reads the files of the host as anybody
 * can, with no parser and no path of the product's own.
 *
 * @param down services that did not run before either.
 */
export async function unexplained(
  host: LabHost,
  original: Original,
  mountPoint: string,
  down: readonly string[] = [],
): Promise<string[]> {
  const wrong: string[] = [];
  const records = recordsOf(host, wrong);
  const known = records.flatMap((record) => record.edits.flatMap((edit) => [...edit.ours, edit.before ?? ""]));
  const isKnown = (line: string) => known.some((each) => each.trim() === line.trim());
  for (const [file, before] of original.lines) {
    const now = (textOf(host, file) ?? "").split("\n");
    for (const line of now) if (!before.includes(line) && !isKnown(line)) wrong.push(`${file} has: ${line}`);
    for (const line of before) if (!now.includes(line) && !isKnown(line)) wrong.push(`${file} lacks: ${line}`);
  }
  for (const guard of guards) {
    if (textOf(host, guard) !== undefined && !records.some((record) => record.store?.files.includes(guard))) {
      wrong.push(`${guard} is there`);
    }
  }
  const isMounted = (await host.execute(`mountpoint -q '${mountPoint}'`)).exitCode === 0;
  if (
    isMounted &&
    !original.hadMount &&
    !records.some((record) => record.store?.mounted && record.store.mountPoint === mountPoint)
  ) {
    wrong.push(`${mountPoint} is mounted`);
  }
  const folder = path.join(host.rootDirectory, mountPoint);
  if (
    !original.hadFolder &&
    fs.existsSync(folder) &&
    !records.some((record) => mountPoint.startsWith(record.store?.madeDirectory ?? "-"))
  ) {
    wrong.push(`${mountPoint} was made`);
  }
  const pending = textOf(host, `${stateFolder}/pending.json`);
  const services =
    pending === undefined ? [] : (parsed(pending, "pending.json", wrong) as { services: string[] }).services;
  for (const service of await servicesBehind(host)) {
    if (![...services, ...down].includes(service)) wrong.push(`${service} does not run with what its files say`);
  }
  return wrong;
}

function recordsOf(host: LabHost, wrong: string[]): Record[] {
  const folder = path.join(host.rootDirectory, stateFolder, "objects");
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".json") && !name.startsWith("."))
    .map((name) => parsed(fs.readFileSync(path.join(folder, name), "utf8"), name, wrong) as Record);
}

function parsed(text: string, name: string, wrong: string[]): unknown {
  try {
    return JSON.parse(text);
  } catch {
    wrong.push(`${name} is no JSON: ${text.slice(0, 60)}`);
    return { edits: [], services: [] };
  }
}

/** Services that were started before their configuration was last written, or that do not run at all. */
async function servicesBehind(host: LabHost): Promise<string[]> {
  const found = await host.succeed(`
    behind() { # SERVICE UNIT FILE
      state=$(systemctl show -p ActiveState --value "$2")
      # libvirtd ends by itself when it has been idle for two minutes; its socket starts it again.
      [ "$state" != inactive ] || [ "$1" != libvirt ] || ! systemctl -q is-active "$2.socket" || return 0
      started=$(date -d "$(systemctl show --timestamp=us+utc -p ExecMainStartTimestamp --value "$2")" +%s.%N)
      [ "$state" = active ] && awk -v a="$started" -v b="$(stat -c %.Z "$3")" 'BEGIN { exit !(b > a) }' && echo "$1"
      [ "$state" = active ] || echo "$1"
    }
    behind libvirt libvirtd /etc/libvirt/qemu.conf || :
    behind nova-compute nova-compute /etc/nova/nova.conf || :`);
  return found.split("\n").filter(Boolean);
}
