import * as pulumi from "@pulumi/pulumi";
import { PersistentMemory } from "pulumi-hostmem";

const config = new pulumi.Config();
const size = config.require("size");

const memory = new PersistentMemory("compute-1", {
  connection: config.requireObject("connection"),
  namespaces: [
    { name: "guest-0", label: "SMALL", size },
    { name: "guest-1", label: "SMALL", size },
  ],
});

export const inventory = memory.inventory;
export const flavor = memory.flavorKeys;
