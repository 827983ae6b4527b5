import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, LiveMigrationConfig, LiveMigrationGroup } from "pulumi-hostmem";

const config = new pulumi.Config();
const connections = config.requireObject<ConnectionArgs[]>("connections");

const members = connections.map(
  (connection, index) => new LiveMigrationConfig(`compute-${index + 1}`, { connection, permitPostCopy: false }),
);

const group = new LiveMigrationGroup("gold", { members, guests: ["plain", "page-size"] });

export const incompatible = group.incompatible;

const page = config.get("page");
if (page !== undefined) group.html().apply((html) => writeFileSync(page, html));
