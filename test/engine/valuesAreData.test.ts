import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { factsScript, parseFacts } from "../../provider/core/facts/hostFacts";
import { sha256 } from "../../provider/core/facts/hostFile";
import { noProbes } from "../../provider/core/facts/probes";
import { readCommon } from "../../provider/core/inputs/common";
import { Inputs, type Problem } from "../../provider/core/inputs/problem";
import { kinds } from "../../provider/core/kinds";
import type { Step } from "../../provider/core/plan/step";
import { readable } from "../../provider/core/readable";
import { isPlainName } from "../../provider/core/transport/plainName";
import { debianTool } from "../support/debianTool";
import { LightHost } from "../support/sandbox/lightHost";
import { Sandbox } from "../support/sandbox/sandbox";
import { beginTrial } from "../support/trials";

const shells: Record<string, string[]> = {
  dash: [debianTool("dash", "dash")],
  bash: [debianTool("bash", "bash"), "--posix"],
};

/** Each would make a file if it were run, split, expanded or taken for an option. */
const pieces = fc.oneof(
  fc.constantFrom("$(touch RAN)", "`touch RAN`", "'; touch RAN; '", '"; touch RAN; "', "\ntouch RAN\n", "| touch RAN"),
  fc.constantFrom("$HOME", "${IFS}", "*", "~", "\\", "\\'", "'", '"', "--help", "-rf", "END\n", "!!", "%s", "\\n", "#"),
  // As bytes of latin1 these would become quotation marks and dollars.
  fc.constantFrom("\u0127; touch RAN; \u0127", "\u0124(touch RAN)", "\u0160touch RAN\u0160"),
  fc.constantFrom("ä", "日本", "\u202e", "\u001b[31m", "\t", " ", "\r", "\u0085"),
  fc.string({ maxLength: 8 }).filter((text) => !text.includes("\0")),
);
const text = fc.array(pieces, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
const texts = (count: number) => fc.array(text, { minLength: count, maxLength: count });
const bytes = (value: string) => Buffer.from(value, "utf8").toString("latin1");

/** Those of some values that a kind takes for an input, and what it then asks of the host. */
function accepted(kindName: string, name: string, values: readonly string[]) {
  const kind = kinds.get(kindName)!;
  return values.flatMap((value) => {
    const problems: Problem[] = [];
    const connection = { host: "compute-1" };
    const inputs = new Inputs({ owner: "a/b/c", capacity: 1, connection, [name]: value }, "", problems);
    const args = kind.check(inputs, readCommon(inputs));
    return problems.length > 0 ? [] : [{ args, probes: kind.probes!(args) }];
  });
}

for (const [shellName, shell] of Object.entries(shells)) {
  describe(`a value in ${shellName}`, function () {
    this.timeout(120_000);
    let folder: string;
    let sandbox: Sandbox | undefined;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "hostmem-values-"));
    });
    afterEach(() => {
      rmSync(folder, { recursive: true });
      sandbox?.remove();
      sandbox = undefined;
    });
    const trial = (what: string) =>
      beginTrial("values and shells", `${what} in ${shellName}`, ["never run", "kept whole"]);

    it("of a program is asked about as it is, and never run", () => {
      const prove = trial("devices and directories of a program");
      let asked = 0;
      const properties = [
        ["BackingStore", "device", "/dev/"],
        ["BackingStore", "mountPoint", "/srv/"],
        ["FileBackedMemoryConfig", "memoryBackingDir", "/srv/"],
      ] as const;
      fc.assert(
        fc.property(texts(30), (values) => {
          const all = properties.flatMap(([kind, name, start]) =>
            accepted(
              kind,
              name,
              values.flatMap((value) => [value, `${start}${value}`]),
            ),
          );
          const devices = [...new Set(all.flatMap(({ probes }) => probes.devices))];
          const directories = [...new Set(all.flatMap(({ probes }) => probes.directories))];
          asked += devices.length + directories.length;
          const { script, nonce } = factsScript({ ...noProbes, devices, directories });
          // As the transport sends it, in UTF-8, and reads the answer, byte by byte.
          const [program = "", ...flags] = shell;
          const done = spawnSync(program, [...flags, "-s"], { input: script, cwd: folder, maxBuffer: 2 ** 26 });
          const facts = parseFacts("localhost", nonce, done.stdout.toString("latin1"));
          assert.deepEqual(readdirSync(folder), []);
          assert.deepEqual([...facts.devices.keys()].sort(), devices.sort());
          assert.deepEqual([...facts.directories.keys()].sort(), directories.sort());
        }),
        { numRuns: 3 },
      );
      assert.ok(asked > 30, `${asked} values`);
      prove("never run");
      prove("kept whole");
    });

    it("in a plan reaches the host's tools and files as it is, and is never run", () => {
      const prove = trial("words, paths and contents of a plan");
      sandbox = new Sandbox(shell);
      const here = sandbox;
      const values = fc.sample(text, 40).filter((value) => !value.includes("/"));
      const printed = values.map((value) => {
        const print = ["-c", "printf '<%s>\\n' \"$1\" >>/tmp/printed", "sh", value];
        const call = { kind: "call" as const, call: "sh", args: print, line: `say ${value}` };
        const failing = { ...call, call: "test", args: [value, "-ef", ""], line: value };
        const path = `/tmp/${value}x`;
        const file = { kind: "write-file" as const, path, before: undefined, content: value, line: value };
        return { value, path, steps: [call, file], failing };
      });
      const done = here.apply({ steps: printed.flatMap(({ steps }) => steps), warnings: [] });
      assert.equal(done.report.status, "applied", done.log);
      const words = here.read("/tmp/printed") ?? "";
      for (const { value, path } of printed) {
        assert.ok(words.includes(`<${bytes(value)}>\n`), JSON.stringify(value));
        assert.equal(here.read(path), bytes(value), JSON.stringify(path));
      }
      for (const { value, failing } of printed.slice(0, 3)) {
        const { report } = here.apply({ steps: [failing], warnings: [] });
        assert.equal(report.status, "failed");
        const said = [report.reason, report.doing].map((each) => each?.split("\n", 1)[0]);
        const first = bytes(value).split("\n", 1)[0];
        assert.deepEqual(said, [`cannot ${first}`, first]);
      }
      // Whatever was written lies in the layer above this machine's own files, and in the sandbox's /run.
      const written = [here.path("/"), here.path("/run/.")].flatMap((place) =>
        readdirSync(place, { recursive: true, encoding: "latin1" }),
      );
      assert.ok(written.some((path) => path.endsWith("tmp/printed")));
      assert.deepEqual(
        written.filter((path) => /(^|\/)RAN$/.test(path)),
        [],
      );
      prove("never run");
      prove("kept whole");
    });

    it("that is the name of a host or of a user is one word, even without quotation marks", () => {
      const prove = trial("names of hosts and users");
      let seen = 0;
      fc.assert(
        fc.property(fc.oneof(text, fc.string({ unit: "grapheme", maxLength: 12 })), (name) => {
          if (!isPlainName(name)) return;
          seen += 1;
          const [program = "", ...flags] = shell;
          const done = spawnSync(program, [...flags, "-c", `printf '<%s>' ${name}`], { cwd: folder, encoding: "utf8" });
          assert.equal(done.stdout, `<${name}>`);
        }),
        { numRuns: 300 },
      );
      assert.ok(seen > 20, `${seen} names`);
      prove("never run");
      prove("kept whole");
    });
  });
}

describe("a path of a program that is in other letters", () => {
  const path = "/srv/спутник-é-日本";
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());
  const make: Step = {
    kind: "call",
    call: "make_mount_point",
    args: [path],
    proof: { call: "is_free", args: [path], of: path },
    line: `make ${path}`,
  };
  const file: Step = { kind: "write-file", path: `${path}.txt`, before: undefined, content: path, line: "" };

  it("is the same on the host", () => {
    const { report } = sandbox.apply({ steps: [make, file], warnings: [] });
    assert.equal(report.status, "applied");
    assert.equal(sandbox.run("ls -d /srv/*"), bytes(`${path}\n${path}.txt\n`));
    assert.equal(sandbox.read(`${path}.txt`), bytes(path));
  });

  it("is the same in what is said of it", () => {
    sandbox.write(`${path}/here`, "");
    const moved = sandbox.apply({ steps: [make], warnings: [] }).report;
    assert.deepEqual([moved.status, readable(moved.moved ?? "")], ["moved", path]);
    const { proof: _, ...unproven } = make;
    const failed = sandbox.apply({ steps: [unproven], warnings: [] }).report;
    assert.equal(readable(failed.reason ?? ""), `${path} is not empty, a mount would cover what is in it`);
    assert.equal(readable(failed.doing ?? ""), `make ${path}`);
    sandbox.write(`${path}.txt`, "theirs");
    const present = sandbox.apply({ steps: [file], warnings: [] }).report;
    assert.deepEqual([present.status, readable(present.moved ?? "")], ["moved", `${path}.txt`]);
  });
});

describe("a name on a host", function () {
  this.timeout(120_000);
  const odd = [
    "a b",
    "$(touch RAN)",
    "`touch RAN`",
    "'; touch RAN; '",
    '"x"',
    "-rf",
    "--help",
    "Gäste",
    "a\\nb",
    "*",
    "%s",
  ];
  const conf = (name: string) => `/etc/nova/nova.conf.d/${name}.conf`;

  it("is data, also with quotes, dollars, dashes and line breaks in it", async () => {
    const prove = beginTrial("values and shells", "names on a host", ["never run", "kept whole"]);
    const names = [...odd, "line\nbreak"];
    const files = Object.fromEntries(
      names.flatMap((name) => [
        ...(odd.includes(name) ? [[conf(name), "[libvirt]\n"]] : []),
        [`/etc/libvirt/qemu/${name}.xml`, `<name>${bytes("guest")}</name>\n`],
        [`/var/lib/libvirt/qemu/ram/7-${name}/pc.ram`, "memory"],
      ]),
    );
    const host = await LightHost.start(files);
    try {
      const { script, nonce } = factsScript();
      const facts = parseFacts("compute-1", nonce, host.run(script));
      for (const name of odd) {
        const file = facts.files.get(bytes(conf(name)));
        assert.equal(file?.sha256, sha256("[libvirt]\n"), name);
        assert.equal(file.realPath, bytes(conf(name)), name);
        const memory = `/var/lib/libvirt/qemu/ram/7-${name}/pc.ram`;
        assert.ok(
          facts.guestMemoryFiles.some(({ path }) => path === memory),
          name,
        );
      }
      assert.deepEqual(
        Object.keys(host.files(["/"])).filter((path) => path.endsWith("/RAN")),
        [],
      );
      prove("never run");
      prove("kept whole");
    } finally {
      await host.stop();
    }
  });

  it("that nobody can know the end of is refused, where Nova would read its file", async () => {
    const host = await LightHost.start({ [conf("line\nbreak")]: "[libvirt]\n" });
    try {
      const { script, nonce } = factsScript();
      const output = host.run(script);
      assert.throws(
        () => parseFacts("compute-1", nonce, output),
        /\[compute-1\] the name of a configuration file has a line break in it: \/etc\/nova\/nova\.conf\.d\/line break\.conf/,
      );
    } finally {
      await host.stop();
    }
  });
});
