import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { isContainerUp } from "../support/lab/container";
import { repositoryRoot } from "../support/lab/places";
import { run, sleep } from "../support/lab/process";
import { listEntries } from "../support/lab/register";
import { keepSome } from "../support/sampled";

interface Outcome {
  code: number | null;
  output: string;
}

describe("npm run demo", function () {
  this.timeout(10 * 60_000);
  let before: string[];

  beforeEach(() => {
    before = whatIsThere();
  });

  it("takes a real host from a blank disk to guests in files and back, and leaves nothing", async () => {
    const { code, output } = await start().outcome;
    assert.equal(code, 0, output);
    for (const line of [
      /^ {6}\[[\d.]+\] format \/dev\/disk\/by-id\/\S+ as xfs, \d+ MiB usable$/m,
      /^ {6}\[[\d.]+\] set \[libvirt\] file_backed_memory = 768 \(was not set\) in \/etc\/nova\/nova\.conf$/m,
      /^ {2}findmnt +xfs \S+ \S+ \/var\/lib\/libvirt\/qemu\/ram$/m,
      /^ {2}placement's API +MEMORY_MB 768, reserved 0, ratio 1 \(declared: 768 MiB\)$/m,
      /^ {2}its memory +\/var\/lib\/libvirt\/qemu\/ram\/\S+$/m,
      /^ {2,}67108864 bytes \(64 MiB\), on the file system mounted at \/var\/lib\/libvirt\/qemu\/ram$/m,
      /^ {2}5 unchanged; exit code 0$/m,
      /^ {2}exit code 1; nothing on the host was changed$/m,
      /^ {2}host as before: yes$/m,
    ]) {
      assert.match(output, line);
    }
    assert.match(output.replace(/\s+/g, " "), /is 2 GiB, but the file system at \S+ can hold \d+ MiB of guest memory/);
    assert.doesNotMatch(output, /Warning|DeprecationWarning|npm (warn|notice)|\u001b/);
    assert.ok(output.split("\n").length < 140, `it prints ${output.split("\n").length} lines`);
    assert.deepEqual(await whatIsNew(before), []);
  });

  it("told to stop in the middle, removes the host and ends", async () => {
    const demo = start();
    await demo.saw(/^== pulumi up/m);
    demo.process.kill("SIGTERM");
    const { code, output } = await demo.outcome;
    assert.notEqual(code, 0, output);
    assert.match(output, /interrupted; removes the host/);
    assert.deepEqual(await whatIsNew(before), []);
  });

  keepSome(this, "demos", 1);
});

/** The script itself, as npm starts it: npm would only add its banner, and its own idea of signals. */
function start(): { process: ChildProcess; outcome: Promise<Outcome>; saw: (pattern: RegExp) => Promise<void> } {
  const child = spawn(process.execPath, ["scripts/demo.mjs"], {
    cwd: repositoryRoot(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const outcome = new Promise<Outcome>((resolve) => child.once("close", (code) => resolve({ code, output })));
  const saw = async (pattern: RegExp) => {
    for (let tenths = 0; !pattern.test(output); tenths++) {
      if (child.exitCode !== null || tenths > 1800) throw new Error(`it never printed ${pattern}:\n${output}`);
      await sleep(100);
    }
  };
  return { process: child, outcome, saw };
}

/** What a demo could leave: its host, with the stack in the host's folder, and files in the checkout. */
function whatIsThere(): string[] {
  const hosts = listEntries().entries.map((entry) => entry.name);
  return [
    ...[...hosts, ...listEntries().broken].filter((name) => name.startsWith("demo")).map((name) => `host ${name}`),
    ...hosts.filter((name) => name.startsWith("demo") && isContainerUp(name)).map((name) => `container ${name}`),
    ...readdirSync(repositoryRoot()).map((name) => `file ${name}`),
    ...readdirSync(`${repositoryRoot()}/examples/compute-host`).map((name) => `file examples/compute-host/${name}`),
  ];
}

async function whatIsNew(before: string[]): Promise<string[]> {
  const mounts = (await run("findmnt", ["-rn", "-o", "TARGET"])).split("\n").filter((path) => path.includes("/demo-"));
  return [...whatIsThere(), ...mounts.map((path) => `mount ${path}`)].filter((each) => !before.includes(each));
}
