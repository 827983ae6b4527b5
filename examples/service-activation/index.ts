import * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, FileBackedMemoryConfig, ServiceActivation } from "pulumi-hostmem";

const config = new pulumi.Config();
const connection = config.requireObject<ConnectionArgs>("connection");

const memory = new FileBackedMemoryConfig("compute-1", {
  connection,
  capacity: config.require("capacity"),
  memoryBackingDir: config.get("memoryBackingDir"),
  activation: "deferred",
});

// Restarts libvirt and nova-compute once, after everything that it depends on.
new ServiceActivation("compute-1", { connection }, { dependsOn: [memory] });
