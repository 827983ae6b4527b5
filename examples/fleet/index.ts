import * as pulumi from "@pulumi/pulumi";
import { type ComputeHostArgs, type ConnectionArgs, rollout } from "pulumi-hostmem";

const config = new pulumi.Config();
const connection = config.requireObject<ConnectionArgs & { host: string }>("connection");

// All of them are reached in one way. A list such as ["compute-1.example.net", "compute-2.example.net"]:
const names = config.getObject<string[]>("hosts") ?? [connection.host];

const declare = (host: string): ComputeHostArgs => ({
  connection: { ...connection, host },
  backingStore: { device: config.require("device"), fileSystem: "xfs" },
  fileBackedMemory: { capacity: config.require("capacity") },
});

const fleet = rollout(Object.fromEntries(names.map((name) => [name, declare(name)])), {
  canary: 1,
  batch: 10,
  pause: "5 min",
});

export const memoryMb = Object.fromEntries(Object.entries(fleet).map(([name, host]) => [name, host.memoryMb]));
