import { byPackages, differingNames, type Installation } from "./installation";

/** What to look at on a host beside what every host is asked: things that only a resource's inputs name. */
export interface Probes {
  installation: Installation;
  devices: readonly string[];
  directories: readonly string[];
}

export const noProbes: Probes = { installation: byPackages, devices: [], directories: [] };

/** All of both, by what the other one says of how the host is run: that is no list to add to. */
export function mergeProbes(one: Probes, other: Probes): Probes {
  return {
    installation: other.installation,
    devices: [...new Set([...one.devices, ...other.devices])],
    directories: [...new Set([...one.directories, ...other.directories])],
  };
}

/** True if facts read with `asked` answer everything in `needed`. */
export function covers(asked: Probes, needed: Probes): boolean {
  const { devices, directories } = mergeProbes(asked, needed);
  return (
    differingNames(asked.installation, needed.installation).length === 0 &&
    devices.length === asked.devices.length &&
    directories.length === asked.directories.length
  );
}
