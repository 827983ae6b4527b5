import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type LabHost, startLabHost } from "../lab/labHost";
import { requireRoot } from "../lab/machine";
import { hostFolder } from "../lab/places";
import { LabError } from "../lab/process";
import { removeHost } from "../lab/takeDown";
import { howToLookAround } from "./lookAround";
import { RootStack } from "./rootStack";
import { during, duringParts, heading, say, scripts } from "./screen";
import { capacityMb, compare, destroy, recordStage, type Stage, tell } from "./story";

const help = `npm run demo [-- --keep]

Starts a real OpenStack compute host in a container of this machine, runs the program in examples/compute-host against
it, and takes everything away again. Needs root.

  --keep   leaves the host running, with everything declared, and says how to look around
`;

/** A host that is kept has this very name, so that it can be told how to get rid of it. */
const keptName = "demo";

/** What exists so far, for taking it away. */
const made: { host?: LabHost; stack?: RootStack } = {};

async function demo(keep: boolean): Promise<boolean> {
  const began = Date.now();
  heading("Setting up");
  const { environment, version } = await (await scripts("toolchain.mjs")).toolchain();
  // So that everything that is started from here finds the CLI and a Node that is new enough.
  process.env["PATH"] = environment.PATH;
  say(`Pulumi ${version}`);
  const stage = await setTheStage(keep, environment);

  const failures = await failuresOf(() => tell(stage));
  if (keep) {
    howToLookAround(stage);
    return failures === 0;
  }
  const stays = await failuresOf(() => destroy(stage));
  const isAsBefore = await compare(stage);
  heading("Cleaning up");
  await during("removing the host", () => stage.host.destroy());
  say(`done in ${Math.round((Date.now() - began) / 1000)} s`);
  return failures + stays === 0 && isAsBefore;
}

async function setTheStage(keep: boolean, environment: NodeJS.ProcessEnv): Promise<Stage> {
  const starting = "starting an OpenStack compute host";
  const host = await duringParts(starting, (next) =>
    startLabHost({
      kind: "nova",
      name: keptName,
      persistent: keep,
      progress: (part) => next(part.includes("image: ready in ") ? starting : part),
    }),
  );
  made.host = host;
  // libvirt starts it with the first guest; every host that has been in use has it.
  await host.succeed("systemctl start virtlogd");
  const { host: address, user, privateKeyFile, hostKey } = host.connection;
  const config = {
    connection: { host: address, user, privateKeyFile, hostKey },
    device: host.disksById[0]!,
    capacity: `${capacityMb} MiB`,
  };
  // The stack's name is in the owner's, from which the file system's UUID is made: two demos share a kernel, and no UUID.
  // In the host's folder the stack goes with the host, however this process ends.
  const stack = await RootStack.create(host.name, join(hostFolder(host.name), "pulumi"), environment, config);
  made.stack = stack;
  return { host, stack, before: await recordStage(host) };
}

/** Goes on after a failure, to take back what was done: how many there were. */
async function failuresOf(work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (!isInterrupted) console.error(`\nFAILED: ${messageOf(error)}`);
    return 1;
  }
}

let isInterrupted = false;

/** Nothing that the host or the stack is in the middle of matters once both are gone. */
async function stopAtOnce(signal: "SIGINT" | "SIGTERM"): Promise<void> {
  if (isInterrupted) return;
  isInterrupted = true;
  console.error("\ninterrupted; removes the host");
  await made.stack?.stop();
  if (made.host) await removeHost(made.host.name);
  // What is not made to its end is found by its owner's end, unless it was to stay.
  else if (existsSync(hostFolder(keptName))) await removeHost(keptName);
  process.exit(signal === "SIGINT" ? 130 : 143);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { keep: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) {
    console.log(help);
    return 0;
  }
  requireRoot();
  if (values.keep && existsSync(hostFolder(keptName))) {
    throw new LabError(`there is a lab host named ${keptName} already; \`npm run lab -- down ${keptName}\` removes it`);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stopAtOnce(signal));
  return (await demo(values.keep === true)) ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => {
    if (!isInterrupted) process.exitCode = code;
  },
  async (error: unknown) => {
    if (isInterrupted) return;
    console.error(`\nFAILED: ${messageOf(error)}`);
    await made.host?.destroy().catch((again: unknown) => console.error(messageOf(again)));
    process.exitCode = 1;
  },
);
