import * as pulumi from "@pulumi/pulumi";
import { FileBackedMemoryConfig } from "pulumi-hostmem";

const config = new pulumi.Config();

const memory = new FileBackedMemoryConfig("compute-1", {
  connection: config.requireObject("connection"),
  capacity: config.require("capacity"),
});

export const memoryMb = memory.memoryMb;
