import { strict as assert } from "node:assert";
import { readAccess, readCommon } from "../../../provider/core/inputs/common";
import { Inputs, type Problem } from "../../../provider/core/inputs/problem";
import { hasUnknown } from "../../../provider/core/inputs/unknown";
import { kinds } from "../../../provider/core/kinds";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK/FeQXnhVTryCo5whTfRsY0sHVw/MJbURamddFVO0p5";

function access(values: Record<string, unknown>) {
  const problems: Problem[] = [];
  return { access: readAccess(new Inputs(values, "", problems)), problems: problems.map(({ path }) => path) };
}

describe("a connection", () => {
  it("needs a host only, and has the defaults of @pulumi/command", () => {
    const { access: found, problems } = access({ connection: { host: "compute-1" } });
    assert.deepEqual(problems, []);
    const { host, port, user, transport, hostKeyChecking } = found!.connection;
    assert.deepEqual([host, port, user, transport, hostKeyChecking], ["compute-1", 22, "root", "ssh", "strict"]);
    assert.deepEqual(found?.become, { method: "none", password: undefined });
  });

  it("of anybody but root becomes root by sudo", () => {
    assert.equal(access({ connection: { host: "c", user: "deploy" } }).access?.become.method, "sudo");
    assert.equal(access({ connection: { host: "c", user: "deploy" }, become: "none" }).access?.become.method, "none");
    const withPassword = access({ connection: { host: "c", user: "deploy" }, become: { password: "x" } });
    assert.deepEqual(withPassword.access?.become, { method: "sudo", password: "x" });
  });

  const refused: [what: string, connection: unknown, path: string][] = [
    ["is missing", undefined, "connection"],
    ["is text", "compute-1", "connection"],
    ["has no host", { user: "root" }, "connection.host"],
    ["would be an option of ssh", { host: "-oProxyCommand=x" }, "connection.host"],
    ["has a blank in its host", { host: "a b" }, "connection.host"],
    ["would be an option as user", { host: "a", user: "-l" }, "connection.user"],
    ["has a host in its user", { host: "a", user: "root@b" }, "connection.user"],
    ["has a port that is none", { host: "a", port: 70_000 }, "connection.port"],
    ["has a port as text", { host: "a", port: "22" }, "connection.port"],
    ["is misspelt", { host: "a", privatKey: "x" }, "connection.privatKey"],
    ["pins a key that is none", { host: "a", hostKey: "SHA256:abc" }, "connection.hostKey"],
    [
      "pins a key and does not check it",
      { host: "a", hostKey: key, hostKeyChecking: "off" },
      "connection.hostKeyChecking",
    ],
    ["has a bad proxy", { host: "a", proxy: { host: "b", port: 0 } }, "connection.proxy.port"],
    ["has a NUL in a password", { host: "a", password: "x\0y" }, "connection.password"],
  ];
  for (const [what, connection, path] of refused) {
    it(`that ${what} is refused with the property's path`, () => {
      assert.deepEqual(access({ connection }).problems, [path]);
    });
  }
});

describe("inputs of a kind", () => {
  const read = (values: Record<string, unknown>) => {
    const problems: Problem[] = [];
    const inputs = new Inputs(values, "", problems);
    const args = kinds.get("FileBackedMemoryConfig")!.check(inputs, readCommon(inputs));
    return { args: args as unknown as Record<string, unknown>, problems };
  };

  it("have defaults", () => {
    const { args, problems } = read({ owner: "p/s/n", capacity: "1 TiB" });
    assert.deepEqual(problems, []);
    assert.deepEqual(args, {
      owner: "p/s/n",
      takeOverFrom: undefined,
      unreachable: "fail",
      lockTimeoutSeconds: 300,
      allowHazards: [],
      installation: {},
      capacity: "1 TiB",
      memoryMb: undefined,
      memoryBackingDir: undefined,
      reservedHostMemory: 0,
      discard: "auto",
      activation: "now",
      healthTimeoutSeconds: 300,
    });
  });

  const refused: Record<string, unknown>[] = [
    { capacity: undefined },
    { capacity: "1 TB" },
    { capacity: 0 },
    { capacity: "512 KiB" },
    { capacity: -1 },
    { memoryBackingDir: "mnt/memory" },
    { memoryBackingDir: "/mnt/memory/" },
    { memoryBackingDir: '/mnt/"x' },
    { memoryBackingDir: "" },
    { reservedHostMemory: "some" },
    { discard: "never" },
    { activation: "later" },
    { healthTimeoutSeconds: 5 },
    { healthTimeoutSeconds: 60.5 },
    { unreachable: "maybe" },
    { lockTimeoutSeconds: -1 },
    { takeOverFrom: 5 },
  ];
  for (const wrong of refused) {
    const name = Object.keys(wrong)[0]!;
    it(`refuse ${name}: ${JSON.stringify(wrong[name]) ?? "left out"}`, () => {
      const { problems } = read({ capacity: "1 TiB", ...wrong });
      assert.deepEqual(
        problems.map(({ path }) => path),
        [name],
      );
    });
  }

  it("refuse a hazard that nobody knows by its place in the list", () => {
    const { problems } = read({ capacity: 1, allowHazards: ["guests-in-ram", "all"] });
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["allowHazards[1]"],
    );
  });

  it("are all read, so that one run names every problem", () => {
    const { problems } = read({ capacity: "x", discard: 1, activation: true, unreachable: [] });
    assert.equal(problems.length, 4);
  });
});

describe("a value that is not known yet", () => {
  it("is found at any depth", () => {
    for (const value of [unknown, { a: unknown }, [1, { b: [unknown] }]]) assert.ok(hasUnknown(value));
    for (const value of [undefined, null, 0, "", `x${unknown}`, { a: ["b"] }]) assert.ok(!hasUnknown(value));
  });
});
