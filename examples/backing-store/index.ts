import * as pulumi from "@pulumi/pulumi";
import { BackingStore } from "pulumi-hostmem";

const config = new pulumi.Config();

const store = new BackingStore("compute-1", {
  connection: config.requireObject("connection"),
  device: config.require("device"),
});

export const sizeMb = store.sizeMb;
