/** Where the host keeps what it must know about us. Root only; removed with the last object. */
export const stateDirectory = "/var/lib/hostmem";
/** Identity of this installation of the host, made at the first apply. */
export const hostIdPath = `${stateDirectory}/host-id`;
/** One JSON file per managed object: who owns it and how to take it back. */
export const objectPath = (kind: string) => `${stateDirectory}/objects/${kind}.json`;
/** Services that do not yet run what the files say, and how to go back to what they run. */
export const pendingPath = `${stateDirectory}/pending.json`;
/** One file per trait of ours in placement, which says whether the host had it before. */
export const traitsDirectory = `${stateDirectory}/traits`;
/** What is owed to the cloud that the host is in: a service to enable, a ratio to put back. */
export const cloudPath = `${stateDirectory}/cloud.json`;
/** One folder per apply: its script, log and final status; removed once a client has read the status. */
export const applyDirectory = `${stateDirectory}/apply`;
/** On tmpfs and never deleted, so that two holders can never lock two different files. */
export const lockPath = "/run/hostmem.lock";

/** The folder that a file is in. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
