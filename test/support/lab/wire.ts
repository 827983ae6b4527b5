import type { LabHost } from "./labHost";
import { networkOf } from "./network";
import { LabError, run } from "./process";
import { readEntry } from "./register";

/** The name of each end, on its host. */
const end = "wire0";
/** Beside the lab's networks: no host has an address in this one but by a wire, and no wire reaches another. */
const addresses = ["10.214.0.1", "10.214.0.2"] as const;

/**
 * Puts a wire between two hosts that run, which the lab's networks keep apart: nothing of this machine lies between them,
 * neither its routes nor its packet filter. It goes with the first of the two. A host has one wire at most.
 *
 * @returns the address of each host on it, in their order.
 */
export async function connect(one: LabHost, other: LabHost): Promise<readonly [string, string]> {
  const [namespace, peer] = [one, other].map(namespaceOf) as [string, string];
  await run("ip", ["link", "add", end, "netns", namespace, "type", "veth", "peer", "name", end, "netns", peer]);
  for (const [index, inside] of [namespace, peer].entries()) {
    await run("ip", ["-n", inside, "address", "add", `${addresses[index]}/30`, "dev", end]);
    await run("ip", ["-n", inside, "link", "set", end, "up"]);
  }
  return addresses;
}

function namespaceOf(host: LabHost): string {
  const number = readEntry(host.name)?.number;
  if (number === undefined || host.kind === "vm")
    throw new LabError(`${host.name} has no network namespace for a wire`);
  return networkOf(number).namespace;
}
