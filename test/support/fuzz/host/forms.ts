import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { parseFacts } from "../../../../provider/core/facts/hostFacts";
import { textOf } from "../../../../provider/core/files/bytes";
import { type AnyTarget, target } from "../target";
import { noise } from "../texts";
import { nonce, outputWith } from "./output";

const word = fc.string({
  unit: fc.constantFrom(..."abXY09-_./=:%@+{};[]'\"\\,", "\xc3\xa4", "\xa0"),
  minLength: 1,
  maxLength: 10,
});
const line = fc.oneof(
  word,
  noise(["a", " ", "/", "="], 6).map((text) => text.replace(/[\n\0]/g, "")),
);
const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join("/")}`);
const bytes = noise(["[libvirt]\n", "a = b", "\n", `\n${nonce}`, "\r\n", "\xff"], 20).filter(
  (text) => !text.includes(`\n${nonce} `),
);

interface Host {
  hostname: string;
  numbers: number[];
  unit: { active: string; sub: string; pid: number; args: string[]; user: string; root: string };
  environment: Record<string, string>;
  file: { path: string; realPath: string; text: string };
  directory: { real: string; closed: string; filled: boolean; mounted: boolean };
}

const hosts: fc.Arbitrary<Host> = fc.record({
  hostname: word,
  numbers: fc.array(fc.nat({ max: 2 ** 40 }), { minLength: 4, maxLength: 4 }),
  unit: fc.record({
    active: fc.constantFrom("active", "inactive", "failed"),
    sub: fc.constantFrom("running", "dead"),
    pid: fc.nat(),
    args: fc.array(
      word.filter((each) => !each.endsWith("nova-compute")),
      { maxLength: 4 },
    ),
    user: fc.constantFrom("", "nova"),
    root: fc.constantFrom("", "/srv/root"),
  }),
  environment: fc.dictionary(fc.constantFrom("OS_LIBVIRT__X", "OS_DEFAULT__Y"), line),
  file: fc.record({ path, realPath: path, text: bytes }),
  directory: fc.record({ real: path, closed: path, filled: fc.boolean(), mounted: fc.boolean() }),
});

/** A host as its scripts print it. */
function printed({ hostname, numbers, unit, environment, file, directory }: Host): string {
  const [now, boot, total, available] = numbers;
  const exec = ["/usr/bin/nova-compute", ...unit.args].join(" ");
  const start = `{ path=/usr/bin/nova-compute ; argv[]=${exec} ; ignore_errors=no ; start_time=[n/a] ; pid=0 }`;
  const state = [`ActiveState=${unit.active}`, `SubState=${unit.sub}`, `MainPID=${unit.pid}`, "LoadState=loaded"];
  const rest = [`User=${unit.user}`, `RootDirectory=${unit.root}`, "UnitFileState=enabled", `ExecStart=${start}`];
  return outputWith({
    system: `${hostname}\n6.1.0-28-amd64\n0123\n${now}\n${boot}\n`,
    meminfo: `MemTotal:  ${total} kB\nMemFree: 1 kB\nMemAvailable:\t${available} kB\n`,
    units: ["Id=nova-compute.service", ...state, ...rest, "", "Id=libvirtd.service", "LoadState=not-found", ""].join(
      "\n",
    ),
    "nova-process": "",
    "nova-process-environment": "OS_LIBVIRT__X=of the running process\n",
    "nova-environment": Object.entries(environment)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
    [`file ${file.path}`]: `81a4 0 0 5 7 1\n${file.realPath}\n${file.text}`,
    "directory /srv/a": [
      ...["access 755 0:0", `real ${directory.real}`, `above 700 0:0 ${directory.closed}`, "above 755 0:0 /"],
      ...(directory.mounted ? ["mounted"] : []),
      ...(directory.filled ? ["filled"] : []),
    ].join("\n"),
  });
}

/** What is true of facts in the form in which a host's own tools print them. */
export const formTargets: AnyTarget[] = [
  target({
    name: "forms",
    says: "what the tools of a host print of it is what the facts say, byte by byte",
    cases: hosts,
    holds: (host: Host, _, saw) => {
      const facts = parseFacts("host", nonce, printed(host));
      const [now, boot, total, available] = host.numbers;
      assert.deepEqual([facts.system.hostname, facts.system.now, facts.system.bootedAt], [host.hostname, now, boot]);
      assert.deepEqual(facts.memory, { totalKib: total, availableKib: available });

      const nova = facts.novaCompute!;
      const { name, activeState, subState, mainPid, user, rootDirectory, execStart } = nova.unit;
      assert.deepEqual(
        [name, activeState, subState, mainPid, user, rootDirectory],
        [
          "nova-compute.service",
          host.unit.active,
          host.unit.sub,
          host.unit.pid,
          host.unit.user || "root",
          host.unit.root,
        ],
      );
      assert.deepEqual(execStart.slice(1), host.unit.args);
      assert.deepEqual(nova.args, host.unit.args);
      const unquoted = (text: string) => (/^(["'])[\s\S]*\1$/.test(text) && text.length > 1 ? text.slice(1, -1) : text);
      const environment = Object.entries(host.environment).map(([name, value]) => [name, unquoted(value)]);
      assert.deepEqual(nova.environment, {
        OS_LIBVIRT__X: "of the running process",
        ...Object.fromEntries(environment),
      });

      const file = facts.files.get(host.file.path)!;
      assert.deepEqual([file.realPath, file.text, file.modifiedAt], [host.file.realPath, host.file.text, 7]);
      assert.equal(file.sha256, createHash("sha256").update(Buffer.from(host.file.text, "latin1")).digest("hex"));

      const directory = facts.directories.get("/srv/a")!;
      assert.deepEqual(
        [directory.realPath, directory.closed, directory.isEmpty, directory.isMountPoint],
        [
          textOf(host.directory.real),
          { path: textOf(host.directory.closed), access: "700 0:0" },
          !host.directory.filled,
          host.directory.mounted,
        ],
      );
      if (host.unit.args.length > 0) saw("arguments");
      if (Object.keys(host.environment).length > 0) saw("environment");
      if (host.file.text.includes(nonce)) saw("a file with the mark in it");
    },
    mustSee: ["arguments", "environment", "a file with the mark in it"],
    runs: { sample: 300, full: 5_000 },
  }),
];
