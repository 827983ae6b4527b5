/** What to look at on a host beside what every host is asked: things that only a resource's inputs name. */
export interface Probes {
  devices: readonly string[];
  directories: readonly string[];
}

export const noProbes: Probes = { devices: [], directories: [] };

export function mergeProbes(one: Probes, other: Probes): Probes {
  return {
    devices: [...new Set([...one.devices, ...other.devices])],
    directories: [...new Set([...one.directories, ...other.directories])],
  };
}

/** True if facts read with `asked` answer everything in `needed`. */
export function covers(asked: Probes, needed: Probes): boolean {
  const { devices, directories } = mergeProbes(asked, needed);
  return devices.length === asked.devices.length && directories.length === asked.directories.length;
}
