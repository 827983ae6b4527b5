import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";

const namespaces = [{ name: "gold-0", label: "6GB", size: "6 GiB" }];

describe("a rollout of hosts with persistent memory", () => {
  let registered: string[];
  let refused: string | undefined;
  let sdk: typeof import("../../../sdk/nodejs/rollout.js") & typeof import("../../../sdk/nodejs/persistentMemory.js");

  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ name, inputs }) => {
          registered.push(name);
          if (name === refused) throw new Error("refused");
          return { id: `${name}-id`, state: inputs };
        },
        call: ({ inputs }) => inputs,
      },
      "project",
      "stack",
    );
    // Only classes that are loaded after setMocks see them.
    const [one, other] = [
      await import("../../../sdk/nodejs/rollout.js"),
      await import("../../../sdk/nodejs/persistentMemory.js"),
    ];
    sdk = { ...one, ...other };
  });
  beforeEach(() => {
    registered = [];
    refused = undefined;
  });

  function declare() {
    const connection = (host: string) => ({ connection: { host, user: "deploy" } });
    const whole = (host: string) => ({
      ...connection(host),
      fileBackedMemory: { capacity: "1 GiB" },
      persistentMemory: { namespaces },
    });
    const own = (name: string) => new sdk.PersistentMemory(name, { ...connection(name), namespaces });
    return sdk.rollout({ one: whole("one"), two: whole("two"), three: own }, { canary: 1, batch: 1 });
  }

  const urnOf = (resource: pulumi.Resource) => (resource.urn as unknown as { promise(): Promise<string> }).promise();
  const hostsOf = () => registered.map((name) => name.split("-")[0]);

  it("makes nothing of a host before the restart of the host before it", async () => {
    const { three } = declare();
    await urnOf(three);
    const parts = (name: string) =>
      ["", "-file-backed-memory", "-persistent-memory", "-activation"].map((part) => name + part);
    assert.deepEqual(registered, [...parts("one"), ...parts("two"), "three"]);
  });

  it("makes nothing of a later host where a namespace is refused", async () => {
    refused = "one-persistent-memory";
    const { three } = declare();
    await assert.rejects(urnOf(three));
    assert.ok(!hostsOf().includes("two") && !hostsOf().includes("three"), registered.join());
    assert.ok(!registered.includes("one-activation"));
  });
});
