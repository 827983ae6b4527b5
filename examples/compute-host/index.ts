import * as pulumi from "@pulumi/pulumi";
import { ComputeHost } from "pulumi-hostmem";

const config = new pulumi.Config();

const host = new ComputeHost("compute-1", {
  connection: config.requireObject("connection"),
  backingStore: { device: config.require("device"), fileSystem: "xfs" },
  fileBackedMemory: { capacity: config.require("capacity") },
});

export const memoryMb = host.memoryMb;
