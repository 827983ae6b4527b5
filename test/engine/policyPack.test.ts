import { strict as assert } from "node:assert";
import { LightFleet } from "../support/sandbox/lightFleet";
import { PrivatePlace } from "../support/ssh/places";
import { PolicyPackCopy } from "./support/policyPack";
import { Project } from "./support/project";
import { loginOf } from "./support/said";

/** What is declared comes from the environment; `later` in a text stands for what is known only once a machine is made. */
const program = `
const pulumi = require("@pulumi/pulumi");
const hostmem = require("pulumi-hostmem");
const machine = new (class extends pulumi.dynamic.Resource {})({ create: async () => ({ id: "machine", outs: {} }) }, "machine", {});
const filled = (value) =>
  value === "later" ? machine.id :
  Array.isArray(value) ? value.map(filled) :
  typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each)])) : value;
for (const [name, [kind, args]] of Object.entries(JSON.parse(process.env.TEST_DECLARED))) new hostmem[kind](name, filled(args));
`;

type Declared = Record<string, [kind: string, args: Record<string, unknown>]>;

describe("the policy pack of the examples", function () {
  this.timeout(600_000);
  const place = new PrivatePlace();
  let fleet: LightFleet;
  let project: Project;
  let pack: PolicyPackCopy;

  before(async () => {
    place.enter();
    fleet = await LightFleet.start(["one"]);
    project = await Project.create({ program: { javascript: program } });
    pack = new PolicyPackCopy("examples/policy-pack");
  });
  after(async () => {
    pack?.remove();
    project?.remove();
    await fleet?.stop();
    place.leave();
  });

  const preview = async (declared: Declared, config: Record<string, unknown> = {}) => {
    const result = await project.preview({
      mustSucceed: false,
      timeoutSeconds: 300,
      flags: pack.flags(config),
      environment: { TEST_DECLARED: JSON.stringify(declared), XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] },
    });
    const violations = [...result.stdout.matchAll(/\[mandatory\]\s+(\S+)\s+\(/g)].map(([, name]) => name!);
    return { ...result, violations };
  };
  const passes = async (declared: Declared, config: Record<string, unknown> = {}) => {
    const { code, violations, stdout } = await preview(declared, config);
    assert.deepEqual([code, violations], [0, []], stdout);
  };
  const refuses = async (rule: string, words: RegExp, declared: Declared, config: Record<string, unknown> = {}) => {
    const { code, violations, stdout } = await preview(declared, config);
    assert.notEqual(code, 0, stdout);
    assert.deepEqual([...new Set(violations)], [rule], stdout);
    assert.match(stdout.replace(/\s+/g, " "), words);
    assert.doesNotMatch(stdout, /UnknownValueError|can't run policy/);
  };
  /** Reached by nobody in a preview. */
  const later = { connection: { host: "later", user: "deploy" } };
  const memory = { fileBackedMemory: { capacity: "1 GiB" } };

  it("lets a host pass that keeps to it, also before the host is made", async () => {
    const pools = { pageSizes: { pools: [{ size: "2 MiB", count: 1 }] } };
    await passes({ one: ["ComputeHost", { ...later, ...memory, ...pools }] });
  });

  it("refuses a host key that nobody checks, also on the way", async () => {
    const login = loginOf(fleet.server("one"));
    const { hostKey: _, ...unpinned } = login;
    const off = { ...unpinned, hostKeyChecking: "off" };
    for (const [path, connection] of [
      ["connection.hostKeyChecking", off],
      ["connection.proxy.hostKeyChecking", { ...login, proxy: off }],
    ] as const) {
      const words = new RegExp(`${path.replaceAll(".", "\\.")} is "off": pin the key`);
      await refuses("host-key-checked", words, { one: ["ServiceActivation", { connection }] });
    }
  });

  it("refuses a page policy beside file-backed memory before the host is made", async () => {
    await refuses("no-page-policy-beside-file-backed-memory", /allowed must be "any"/, {
      one: ["ComputeHost", { ...later, ...memory, pageSizes: { allowed: ["small", "2 MiB"] } }],
    });
  });

  it("refuses a second resource for what a host has once", async () => {
    const connection = loginOf(fleet.server("one"));
    await refuses(
      "one-owner-per-host-object",
      /(one|other) is a second ServiceActivation of its host, beside (one|other)\./,
      {
        one: ["ServiceActivation", { connection }],
        other: ["ServiceActivation", { connection }],
      },
    );
  });

  it("refuses a capacity that leaves nothing of the store in reserve", async () => {
    const declared: Declared = {
      one: [
        "ComputeHost",
        {
          connection: loginOf(fleet.server("one")),
          backingStore: { fileSystem: "tmpfs", size: "1 GiB" },
          fileBackedMemory: { capacity: "900 MiB" },
        },
      ],
    };
    await passes(declared);
    const config = { "capacity-within-store": { reservePercent: 20 } };
    await refuses(
      "capacity-within-store",
      /capacity is 900 MiB, but the store holds 819 MiB with 20 %/,
      declared,
      config,
    );
  });
});
