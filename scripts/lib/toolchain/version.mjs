/** The engine everything here is tested with. */
export const cliVersion = "3.255.0";

/**
 * Any engine from the tested one to the next major version will do. An older one may order, report or record things
 * differently, and a test passed on it would prove nothing; within a major version Pulumi promises compatibility.
 */
export function isUsable(version) {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)(?:$|[-+])/.exec(version.trim());
  const [major, minor] = cliVersion.split(".").map(Number);
  return parts !== null && Number(parts[1]) === major && Number(parts[2]) >= minor;
}
