import { byPackages, type Installation } from "./installation";

/** What to look at on a host beside what every host is asked: things that only a resource's inputs name. */
export interface Probes {
  installation: Installation;
  devices: readonly string[];
  directories: readonly string[];
}

export const noProbes: Probes = { installation: byPackages, devices: [], directories: [] };

export function mergeProbes(one: Probes, other: Probes): Probes {
  return {
    installation: { ...one.installation, ...other.installation },
    devices: [...new Set([...one.devices, ...other.devices])],
    directories: [...new Set([...one.directories, ...other.directories])],
  };
}

/** True if facts read with `asked` answer everything in `needed`. */
export function covers(asked: Probes, needed: Probes): boolean {
  const { installation, devices, directories } = mergeProbes(asked, needed);
  return (
    isSame(installation, asked.installation) &&
    devices.length === asked.devices.length &&
    directories.length === asked.directories.length
  );
}

function isSame(one: Installation, other: Installation): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof Installation>;
  return [...names].every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
}
