import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, LiveMigrationConfig, LiveMigrationGroup } from "pulumi-hostmem";

const config = new pulumi.Config();
const login = config.requireObject<ConnectionArgs>("connection");
const permitPostCopy = config.getBoolean("permitPostCopy") ?? false;

// One login for all of them; without names it is for its own host alone.
const connections = config.getObject<string[]>("hosts")?.map((host) => ({ ...login, host })) ?? [login];

const members = connections.map(
  (connection, index) => new LiveMigrationConfig(`compute-${index + 1}`, { connection, permitPostCopy }),
);

const group = new LiveMigrationGroup("gold", { members, guests: ["plain", "page-size"] });

export const incompatible = group.incompatible;
// For `npx pulumi-hostmem preflight HOST --to FILE`, and for groups of other stacks.
export const profiles = members.map(({ profile }) => profile);

const page = config.get("page");
if (page !== undefined) group.html().apply((html) => writeFileSync(page, html));
