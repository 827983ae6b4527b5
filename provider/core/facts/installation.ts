import type { HostFile } from "./hostFile";
import type { NovaComputeFacts } from "./novaCompute";
import { rootOf } from "./units";

/** How a host runs nova-compute and libvirt, as far as its user says so; what is not said is found on the host. */
export interface Installation {
  /** systemd units. */
  novaUnit?: string;
  libvirtUnit?: string;
  /** Files and directories of nova-compute's configuration, in the order in which it reads them, as the host knows them. */
  novaConfig?: readonly string[];
  /** nova-compute's log file as the host knows it, or `journal`. */
  novaLog?: string;
  qemuConf?: string;
}

/** Packages of Debian, Ubuntu and RDO have all in known places. */
export const byPackages: Installation = {};

/** Properties in which two differ. */
export function differingNames(one: Installation, other: Installation): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof Installation>;
  return [...names].filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
}

/** Where libvirt's packages have it. */
export const packagedQemuConf = "/etc/libvirt/qemu.conf";

/**
 * What was found of nova-compute, with what its user says of it instead: whatever directory is its root, and however its
 * unit names files, these are the files that it reads.
 */
export function withInstallation(
  found: NovaComputeFacts,
  { novaConfig, novaLog }: Installation,
  files: ReadonlyMap<string, HostFile>,
): NovaComputeFacts {
  const log = novaLog === undefined ? {} : { log: novaLog };
  if (novaConfig === undefined) return { ...found, ...log };
  const isDirectory = (path: string) => files.get(path)?.isRegular === false;
  const args = novaConfig.map((path) => `--config-${isDirectory(path) ? "dir" : "file"}=${path}`);
  return { ...found, ...log, args: [...args, ...withoutConfig(found.args)] };
}

function withoutConfig(args: readonly string[]): string[] {
  const others: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const [name, value] = args[index]!.split("=", 2);
    if (name !== "--config-file" && name !== "--config-dir") others.push(args[index]!);
    else if (value === undefined) index++;
  }
  return others;
}

/** Why paths that a service names are not those of the host, undefined where they are, or its user named all of them. */
export function foreignRoot({ unit }: NovaComputeFacts, { novaConfig, novaLog }: Installation): string | undefined {
  if (unit.rootImage !== "")
    return `${unit.name} runs from a disk image (RootImage=${unit.rootImage}), whose files only a new image changes; set the options in what it is built from, or run the service from a folder (RootDirectory=)`;
  if (rootOf(unit) === "" || (novaConfig !== undefined && novaLog !== undefined)) return undefined;
  const missing = [...(novaConfig ? [] : ["novaConfig"]), ...(novaLog ? [] : ["novaLog"])];
  return `${unit.name} runs in a root of its own (RootDirectory=${unit.rootDirectory}), where its paths are not those of the host; name what it reads and writes there by ${missing.join(" and ")}, such as ${unit.rootDirectory}/etc/nova/nova.conf`;
}
