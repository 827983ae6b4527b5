import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { toolchain } from "../../toolchain.mjs";
import { runAttached } from "../command.mjs";
import { buildFolder, root, toolFolder } from "../paths.mjs";
import { dealt, labLanes } from "./lanes.mjs";

/** The compiled entry point of the lab's own tools. */
export const labTool = join(buildFolder, "test", "support", "lab", "cli.js");

/**
 * What each layer of tests needs before it starts, how long one test may take, how long all of them, what may run side
 * by side and how much of it at once, and which tables of trials it fills, some of them in full runs only.
 * The order is the order they run in: the quickest answer first.
 */
export const layers = [
  {
    name: "unit",
    testLimitSeconds: 60,
    limitSeconds: 900,
    prepare: async (environment) => environment,
    lanes: (files) => dealt("unit", files, 1),
    atOnce: 1,
    tables: [
      ...["wrong inputs", "owners", "hostile output", "hostile clouds", "fuzz cases"],
      ...["live migration, verdicts", "live migration, planted bugs"],
    ],
  },
  {
    name: "engine",
    testLimitSeconds: 300,
    limitSeconds: 3600,
    prepare: withToolchain,
    lanes: (files) => dealt("engine", files, 2),
    atOnce: 2,
    // The sandboxes of one lane would hold what the other one has mounted: each sees its own mounts, and no other's.
    inside: process.getuid?.() === 0 ? ["unshare", "--mount", "--propagation", "private"] : [],
    tables: [
      ...["contents of a disk", "hostile output", "races", "upgrades of the tool", "values and shells"],
      ...["ways of access", "wrong inputs, as Pulumi prints them"],
      ...["page sizes, Nova's answers", "page sizes, planted bugs"],
      ...["persistent memory, Nova's answers", "cuts of ndctl"],
      ...["live migration, Nova's answers", "live migration, planted bugs"],
      ...["live migration, by the CLI", "live migration, the page", "pre-flights"],
    ],
  },
  {
    name: "lab",
    testLimitSeconds: 1800,
    limitSeconds: 6 * 3600,
    prepare: withLabMachine,
    // In a full run those on the emulated machine take long, and go on beside the ones that wait for Nova.
    lanes: (files, full) => labLanes(files, full ? 1 : 2),
    atOnce: 3,
    tables: [
      ...["clients cut off", "disks in use", "file systems without room", "guests by page size", "guests in the way"],
      ...["owners", "races", "refusals foreseen", "replaced and renamed", "secrets searched", "services that refuse"],
      ...["live migrations made", "system calls cut", "system calls cut on a real Nova", "ways of access"],
    ],
    fullTables: ["power cuts"],
  },
];

async function withToolchain(environment) {
  return { ...environment, ...(await toolchain()).environment };
}

async function withLabMachine(environment) {
  const ready = await withToolchain(environment);
  const code = await runAttached(join(toolFolder, "node"), [labTool, "prepare"], { cwd: root, env: ready });
  if (code !== 0) throw new Error(`preparing this machine for the lab: exit code ${code}`);
  return ready;
}

const testsFolder = join(buildFolder, "test");

/** The compiled test files of a layer. */
export function testFilesOf(layer) {
  return testFilesBelow(join(testsFolder, layer));
}

/** Test files that no layer would ever run. */
export function testFilesOutsideLayers() {
  return testFilesBelow(testsFolder).filter(
    (file) => !layers.some(({ name }) => file.startsWith(join(testsFolder, name, "/"))),
  );
}

function testFilesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".test.js"))
    .sort()
    .map((name) => join(folder, name));
}
