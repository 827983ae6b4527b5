import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { providerText } from "../../../provider/dynamic";

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** How Pulumi marks a secret in what it sends to the engine. */
const secretMark = "4dabf18193072939515e22adb298388d";

const registered: Registered[] = [];
const former = process.env["HOSTMEM_READ_AHEAD"];

describe("the resources that a program makes", () => {
  let sdk: typeof import("../../../sdk/nodejs");
  before(async () => {
    process.env["HOSTMEM_READ_AHEAD"] = "off";
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          registered.push({ type, name, inputs: inputs as Record<string, unknown> });
          return { id: `${name}-id`, state: inputs as Record<string, unknown> };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      true,
    );
    sdk = await import("../../../sdk/nodejs/index.js");
  });
  after(() => {
    if (former === undefined) delete process.env["HOSTMEM_READ_AHEAD"];
    else process.env["HOSTMEM_READ_AHEAD"] = former;
  });
  beforeEach(() => {
    registered.length = 0;
  });

  const connection = { host: "compute-1", password: "s3cret-value" };
  const value = <T>(output: pulumi.Output<T>) =>
    new Promise<T>((resolve) => {
      output.apply((known) => resolve(known));
    });

  it("have types and owners that never change, and the literal text", async () => {
    const memory = new sdk.FileBackedMemoryConfig("memory", { connection, capacity: "1 TiB" });
    const activation = new sdk.ServiceActivation("all", { connection }, { dependsOn: memory });
    await Promise.all([value(memory.urn), value(activation.urn)]);
    assert.deepEqual(
      registered.map(({ type, name, inputs }) => [type, name, inputs["owner"]]),
      [
        ["pulumi-nodejs:dynamic/hostmem:FileBackedMemoryConfig", "memory", "project/stack/memory"],
        ["pulumi-nodejs:dynamic/hostmem:ServiceActivation", "all", "project/stack/all"],
      ],
    );
    for (const { type, inputs } of registered) {
      assert.equal(inputs["__provider"], providerText(type.slice(type.lastIndexOf(":") + 1)));
    }
    assert.equal((sdk.FileBackedMemoryConfig as unknown as { __pulumiType: string }).__pulumiType, registered[0]?.type);
    assert.equal((sdk.ServiceActivation as unknown as { __pulumiType: string }).__pulumiType, registered[1]?.type);
  });

  it("keep the connection, and become with a password, secret", async () => {
    const memory = new sdk.FileBackedMemoryConfig("memory", {
      connection,
      become: { method: "sudo", password: "s3cret-value" },
      capacity: "1 TiB",
    });
    await value(memory.urn);
    const { inputs } = registered[0]!;
    for (const name of ["connection", "become"]) {
      assert.ok((inputs[name] as Record<string, unknown>)[secretMark], name);
      delete inputs[name];
    }
    assert.doesNotMatch(JSON.stringify(inputs), /s3cret-value/);
  });

  it("send for one run only what is neither secret nor an output of another resource", async () => {
    const memory = new sdk.FileBackedMemoryConfig("memory", { connection, capacity: pulumi.output("1 TiB") });
    await value(memory.urn);
    const { inputs } = registered[0]!;
    const { resource, ...run } = inputs["__run"] as Record<string, unknown>;
    assert.deepEqual(run, { preview: true, isMadeHere: false });
    assert.ok(Number.isInteger(resource));
    assert.equal(inputs["capacity"], "1 TiB");
  });

  it("say that a host may have been made by the same program, whatever part of the connection tells", async () => {
    const machine = new sdk.ServiceActivation("machine", { connection });
    const host = machine.owner.apply(() => "compute-2");
    await value(new sdk.ServiceActivation("part", { connection: { ...connection, host } }).urn);
    await value(new sdk.ServiceActivation("whole", { connection: host.apply((known) => ({ host: known })) }).urn);
    const made = registered.map(({ inputs }) => (inputs["__run"] as { isMadeHere: boolean }).isMadeHere);
    assert.deepEqual(made, [false, true, true]);
  });

  it("do not take a host that another stack tells of for one that this program makes", async () => {
    const stack = new pulumi.StackReference("organization/network/prod");
    const host = stack.getOutput("address").apply(() => "compute-2");
    await value(new sdk.ServiceActivation("told", { connection: { ...connection, host } }).urn);
    const { inputs } = registered.find(({ type }) => type.endsWith(":ServiceActivation"))!;
    assert.equal((inputs["__run"] as { isMadeHere: boolean }).isMadeHere, false);
  });

  it("have as outputs what only the host can tell", async () => {
    const memory = new sdk.FileBackedMemoryConfig("memory", { connection, capacity: "auto" });
    for (const name of [
      "capacity",
      "memoryMb",
      "ramAllocationRatio",
      "reservedHostMemory",
      "memoryBackingDir",
      "plan",
      "owner",
    ]) {
      assert.ok(pulumi.Output.isInstance((memory as unknown as Record<string, unknown>)[name]), name);
    }
    assert.ok(pulumi.Output.isInstance(new sdk.ServiceActivation("all", { connection }).pending));
  });

  it("tell the reader ahead where to be asked, and nothing of how to log in", async () => {
    delete process.env["HOSTMEM_READ_AHEAD"];
    const memory = new sdk.FileBackedMemoryConfig("memory", { connection, capacity: "1 TiB" });
    await value(memory.urn);
    assert.doesNotMatch(JSON.stringify(registered[0]!.inputs["__run"]), /s3cret|compute-1/);
  });
});
