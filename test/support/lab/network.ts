import * as fs from "node:fs";
import { execute, run } from "./process";

/** Addresses and names of one host's network: a pair of interfaces and a network namespace that outlives reboots. */
export function networkOf(number: number) {
  return {
    /** The host's own address. */
    address: `10.213.${number}.2`,
    /** This machine's end. */
    gateway: `10.213.${number}.1`,
    namespace: `hostmem-${number}`,
    namespacePath: `/run/netns/hostmem-${number}`,
    interface: `hostmem-${number}`,
  };
}

/**
 * Makes the network before the container boots. The namespace is ours and not systemd-nspawn's, because that one makes
 * a new one at every reboot, and the addresses on both sides would have to be set again.
 */
export async function createNetwork(number: number): Promise<void> {
  const network = networkOf(number);
  const inside = ["-n", network.namespace];
  await run("ip", ["netns", "add", network.namespace]);
  await run("ip", [
    "link",
    "add",
    network.interface,
    "type",
    "veth",
    "peer",
    "name",
    "host0",
    "netns",
    network.namespace,
  ]);
  await run("ip", ["address", "add", `${network.gateway}/30`, "dev", network.interface]);
  await run("ip", ["link", "set", network.interface, "up"]);
  await run("ip", [...inside, "link", "set", "lo", "up"]);
  await run("ip", [...inside, "address", "add", `${network.address}/30`, "dev", "host0"]);
  await run("ip", [...inside, "link", "set", "host0", "up"]);
  await run("ip", [...inside, "route", "add", "default", "via", network.gateway]);
}

/** Makes the network of a machine: one interface here, whose other end is the machine's network card. */
export async function createTap(number: number): Promise<void> {
  const network = networkOf(number);
  await run("ip", ["tuntap", "add", "dev", network.interface, "mode", "tap"]);
  await run("ip", ["address", "add", `${network.gateway}/30`, "dev", network.interface]);
  await run("ip", ["link", "set", network.interface, "up"]);
}

/** Removes the interfaces and the namespace, whatever of them exists. */
export async function removeNetwork(number: number): Promise<void> {
  const network = networkOf(number);
  if (fs.existsSync(`/sys/class/net/${network.interface}`)) {
    await execute("ip", ["link", "delete", network.interface]);
  }
  if (fs.existsSync(network.namespacePath)) {
    await run("ip", ["netns", "delete", network.namespace]);
  }
}
