import type { Server } from "../lab/cloud";
import { compareRecords, type HostRecord, recordHost } from "../lab/hostRecord";
import type { LabHost } from "../lab/labHost";
import { retryFor } from "../lab/process";
import { askTheHost, storeFolder, whatItIs } from "./asked";
import { errorsIn } from "./readable";
import type { Outcome, RootStack } from "./rootStack";
import { during, heading, say, table } from "./screen";

/** What the demo declares: more would be refused, as it shows, for the lab's disks have 1 GiB. */
export const capacityMb = 768;
const tooMuch = "2 GiB";

/** Everything happens on one host and one stack. */
export interface Stage {
  host: LabHost;
  stack: RootStack;
  /** The host before the first update. */
  before: HostRecord;
}

/** From a blank disk to guests in files, each step with what somebody else says about it. */
export async function tell(stage: Stage): Promise<void> {
  await introduce(stage);
  await previewAndUp(stage);
  await showWhatIsTrue(stage);
  await bootAnInstance(stage);
  await previewAgain(stage);
  await refuse(stage);
}

async function introduce({ host }: Stage): Promise<void> {
  heading("The host");
  const memory = (await host.cloud.placementInventory())["MEMORY_MB"]!;
  table([
    ["what", await whatItIs(host)],
    ["where", `${host.connection.user}@${host.address}, by SSH with a pinned host key, and sudo`],
    ["disk", `${host.disksById[0]}, 1 GiB, blank`],
    ["placement", `MEMORY_MB ${memory.total}: the host's RAM`],
  ]);
}

async function previewAndUp({ stack }: Stage): Promise<void> {
  heading("pulumi preview: what would be done; nothing is changed");
  mustSucceed(await stack.preview("all"));
  heading("pulumi up");
  mustSucceed(await stack.up("host lines"));
}

async function showWhatIsTrue({ host }: Stage): Promise<void> {
  heading("What is true now, by the host's own tools and OpenStack's APIs");
  const answers = await during("asking the host, Nova and placement", () => askTheHost(host, capacityMb));
  table(answers.map(({ who, says, isRight }) => [who, isRight ? says : `${says}   <-- NOT AS DECLARED`]));
  const wrong = answers.filter((answer) => !answer.isRight);
  if (wrong.length > 0) throw new Error(`${wrong.map(({ who }) => who).join(", ")}: not as declared`);
}

async function bootAnInstance({ host }: Stage): Promise<void> {
  heading("An instance, booted through Nova");
  const ramMb = 64;
  const server = await during("booting", () => boot(host, ramMb));
  const files = await host.cloud.memoryFiles();
  if (files.length !== 1) throw new Error(`one memory file was expected, there are ${files.length}: ${files}`);
  const [bytes, mount] = (await host.succeed(`stat -c %s '${files[0]}'; findmnt -n -o TARGET -T '${files[0]}'`))
    .trim()
    .split("\n");
  table([
    ["server", `${server.instanceName} is ${server.status}, with ${ramMb} MiB`],
    ["its memory", files[0]!],
    ["", `${bytes} bytes (${Number(bytes) / 1024 ** 2} MiB), on the file system mounted at ${mount}`],
  ]);
  if (mount !== storeFolder || Number(bytes) !== ramMb * 1024 ** 2) throw new Error("its memory is not in the store");
  await during("deleting it", () => host.cloud.deleteServer(server.id));
  const left = await host.cloud.memoryFiles();
  if (left.length > 0) throw new Error(`memory files are left: ${left.join(", ")}`);
  say("deleted, and its memory file with it");
}

/** Once more where it fails: the lab's Nova keeps its data in SQLite, and loses a request that meets a lock there. */
async function boot(host: LabHost, ramMb: number): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const server = await host.cloud.bootServer({ name: "demo", ramMb, seconds: 40 });
    if (server.status === "ACTIVE") return server;
    if (attempt === 2) throw new Error(`the instance is ${server.status}: ${server.fault}`);
    await host.cloud.deleteServer(server.id);
  }
}

async function previewAgain({ stack }: Stage): Promise<void> {
  heading("pulumi preview --expect-no-changes");
  const { code, output } = await during("previewing", () => stack.preview("nothing", ["--expect-no-changes"]));
  if (code !== 0) throw new Error(`the second preview is not empty:\n${output}`);
  say(`${/\d+ unchanged/.exec(output)?.[0] ?? "nothing to do"}; exit code 0`);
}

async function refuse({ host, stack }: Stage): Promise<void> {
  heading(`pulumi preview, with capacity "${tooMuch}" on this disk`);
  const before = await recordStage(host);
  await stack.setConfig("capacity", tooMuch);
  const { code, output } = await during("previewing", () => stack.preview("nothing"));
  await stack.setConfig("capacity", `${capacityMb} MiB`);
  const message = errorsIn(output).replace(/^error: /, "");
  if (code === 0 || !message.includes("can hold"))
    throw new Error(`it was to be refused (exit code ${code}):\n${output}`);
  say(wrap(message, 110));
  const changed = compareRecords(before, await recordStage(host));
  if (changed.length > 0) throw new Error(`the refused change has changed the host:\n${changed.join("\n")}`);
  say(`exit code ${code}; nothing on the host was changed`);
}

/** Takes everything back. */
export async function destroy({ stack }: Stage): Promise<void> {
  heading("pulumi destroy");
  mustSucceed(await stack.destroy("host lines"));
}

/** What stays on purpose; everything else counts. See "What a destroy leaves" in DESIGN.md. */
const keptOnPurpose: RegExp[] = [
  // Nova has no way to unset the ratio in placement.
  /^placement MEMORY_MB: was total RAM, reserved (\d+), ratio 1\.5, is total RAM, reserved \1, ratio 1$/,
  /^disk \/dev\/hostmem-disk0: was blank, is DEVNAME=\S+ UUID=\S+ BLOCK_SIZE=\d+ TYPE=xfs USAGE=filesystem$/,
];

/** Compares the host with what it was, from outside; false if anything but what is documented differs. */
export async function compare({ host, before }: Stage): Promise<boolean> {
  heading("The host, compared with what it was");
  const differences = await during("comparing", () => differencesOnceQuiet(host, before));
  const counting = differences.filter((line) => !isKept(line));
  say(`${Object.keys(before.entries).length} files, mounts, units, daemons, disks and inventories compared`);
  for (const line of differences.filter(isKept)) say(`kept on purpose: ${line}`);
  say(`host as before: ${counting.length === 0 ? "yes" : "no"}`);
  for (const line of counting) say(`  ${line}`);
  return counting.length === 0;
}

/**
 * The host as seen from outside. Its RAM is the machine's, which need not stand still on a virtual machine: what libvirt
 * tells Nova of it counts as the same.
 */
export async function recordStage(host: LabHost): Promise<HostRecord> {
  const record = await recordHost(host);
  const ramMb = Number(await host.succeed("virsh nodeinfo | awk '/^Memory size:/ { print int($3 / 1024) }'"));
  const memory = record.entries["placement MEMORY_MB"] ?? "";
  const isRam = Math.abs(Number(/total (\d+)/.exec(memory)?.[1]) - ramMb) < ramMb / 4;
  if (isRam) record.entries["placement MEMORY_MB"] = memory.replace(/total \d+/, "total RAM");
  return record;
}

const isKept = (line: string) => keptOnPurpose.some((pattern) => pattern.test(line.split("\n")[0]!));

/** placement hears of the host's memory a moment after nova-compute has started. */
async function differencesOnceQuiet(host: LabHost, before: HostRecord): Promise<string[]> {
  const differences = async () => compareRecords(before, await recordStage(host));
  return retryFor(
    30,
    "the host is as before",
    async () => {
      const found = await differences();
      if (found.some((line) => !isKept(line))) throw new Error(found.join("\n"));
      return found;
    },
    1000,
  ).catch(differences);
}

function mustSucceed({ code, output }: Outcome): void {
  if (code !== 0) throw new Error([`pulumi ended with exit code ${code}`, errorsIn(output)].join("\n").trimEnd());
}

function wrap(text: string, width: number): string {
  return text.replace(new RegExp(`(.{1,${width}})(?: |$)`, "g"), "$1\n").trimEnd();
}
