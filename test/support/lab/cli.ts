import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { layoutOf } from "./container";
import { driverOf } from "./driver";
import { prepareImage } from "./image";
import { startLabHost } from "./labHost";
import { requireRoot } from "./machine";
import { networkOf } from "./network";
import { LabError } from "./process";
import { type Kind, recipes } from "./recipe";
import { listEntries, readEntry } from "./register";
import type { Services } from "./services";
import { removeHost, sweep } from "./takeDown";

const help = `Lab hosts: real Linux hosts in containers and emulated machines, for trying things and for the lab tests. Needs root.

  prepare [--kind nova|light|vm]       build the images (minutes, once) and remove what dead runs left
  up [--kind nova|light|vm] [--name NAME] [--services full|min|none]
                                       start a host that stays until it is taken down
  ssh NAME [COMMAND…]                  log in as "deploy", who may sudo
  list                                 the hosts there are
  down NAME… | --all                   remove hosts
`;

const began = Date.now();

function progress(line: string): void {
  console.error(`[${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s] ${line}`);
}

async function prepare(kinds: Kind[]): Promise<void> {
  for (const kind of kinds) {
    const image = await prepareImage(kind, progress);
    progress(`${kind}: ${image.folder}`);
  }
}

async function up(kind: Kind, name: string | undefined, services: Services | undefined): Promise<void> {
  progress(`starting a ${kind} host`);
  const host = await startLabHost({
    kind,
    persistent: true,
    progress,
    ...(services ? { services } : {}),
    ...(name ? { name } : {}),
  });
  progress(`${host.name} is up`);
  console.log(`name        ${host.name}`);
  console.log(`address     ${host.address}`);
  console.log(`login       deploy, key ${host.connection.privateKeyFile}, known hosts ${host.knownHostsFile}`);
  console.log(`host key    ${host.connection.hostKey}`);
  console.log(`disks       ${host.disks.join(" ")}`);
}

function ssh(name: string | undefined, command: string[]): number {
  const entry = name === undefined ? undefined : readEntry(name);
  if (!entry) {
    throw new LabError(`there is no lab host named ${name ?? "(no name given)"}`);
  }
  const layout = layoutOf(entry.name);
  const options = [`UserKnownHostsFile=${layout.knownHosts}`, "StrictHostKeyChecking=yes", "IdentitiesOnly=yes"];
  const args = ["-F", "none", "-i", layout.privateKey, ...options.flatMap((option) => ["-o", option])];
  const done = spawnSync("ssh", [...args, `deploy@${networkOf(entry.number).address}`, ...command], {
    stdio: "inherit",
  });
  return done.status ?? 255;
}

function list(): void {
  const { entries } = listEntries();
  for (const entry of entries) {
    const owner = entry.owner ? `process ${entry.owner.pid}` : "stays";
    const state = driverOf(entry.kind).isUp(entry.name) ? "running" : "off";
    console.log([entry.name, entry.kind, networkOf(entry.number).address, state, owner].join("\t"));
  }
}

async function down(names: string[], all: boolean): Promise<void> {
  if (!all && names.length === 0) {
    throw new LabError("down: name a host, or give --all");
  }
  const { entries, broken } = listEntries();
  for (const name of all ? [...entries.map((entry) => entry.name), ...broken] : names) {
    if (!all && !readEntry(name)) {
      throw new LabError(`there is no lab host named ${name}`);
    }
    await removeHost(name);
    progress(`${name} removed`);
  }
}

function oneOf<T extends string>(what: string, value: string, allowed: readonly T[]): T {
  if (!(allowed as readonly string[]).includes(value)) {
    throw new LabError(`--${what} ${value}: it must be one of ${allowed.join(", ")}`);
  }
  return value as T;
}

async function main(args: string[]): Promise<number> {
  const command = args[0];
  // What follows the host's name belongs to the command that runs there.
  if (command === "ssh") {
    requireRoot();
    return ssh(args[1], args.slice(2));
  }
  const { values, positionals } = parseArgs({
    args: args.slice(1),
    allowPositionals: true,
    options: {
      all: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      kind: { type: "string" },
      name: { type: "string" },
      services: { type: "string" },
    },
  });
  if (command === undefined || command === "--help" || command === "-h" || command === "help" || values.help) {
    console.log(help);
    return 0;
  }
  requireRoot();
  const kinds = Object.keys(recipes) as Kind[];
  const allServices: Services[] = ["full", "min", "none"];
  const services = values.services === undefined ? undefined : oneOf("services", values.services, allServices);
  const kind = values.kind === undefined ? undefined : oneOf("kind", values.kind, kinds);
  switch (command) {
    case "prepare":
      for (const name of await sweep()) {
        progress(`${name} removed: the process that started it has ended`);
      }
      await prepare(kind ? [kind] : kinds);
      return 0;
    case "up":
      await up(kind ?? "nova", values.name, services);
      return 0;
    case "list":
      list();
      return 0;
    case "down":
      await down(positionals, values.all);
      return 0;
    case "sweep":
      await sweep();
      return 0;
    default:
      console.error(help);
      return 2;
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof LabError ? error.message : error);
    process.exitCode = 1;
  },
);
