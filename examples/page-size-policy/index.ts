import * as pulumi from "@pulumi/pulumi";
import { PageSizePolicy } from "pulumi-hostmem";

const config = new pulumi.Config();

const policy = new PageSizePolicy("compute-1", {
  connection: config.requireObject("connection"),
  allowed: ["small", "2 MiB"],
  pools: [{ size: "2 MiB", count: config.requireNumber("pages") }],
});

export const enforcement = policy.enforcement;
