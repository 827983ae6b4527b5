import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import type { ComputeHostArgs } from "../../../sdk/nodejs/computeHost";

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const connection = { host: "compute-1", user: "deploy" };
const device = "/dev/disk/by-id/nvme-1";

describe("ComputeHost", () => {
  let registered: Registered[];
  let ComputeHost: typeof import("../../../sdk/nodejs/computeHost.js").ComputeHost;

  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          registered.push({ type, name, inputs });
          return { id: `${name}-id`, state: { ...inputs, memoryMb: 4096, sizeMb: 8192 } };
        },
        call: ({ inputs }) => inputs,
      },
      "project",
      "stack",
    );
    // Only a class that is loaded after setMocks sees them.
    ({ ComputeHost } = await import("../../../sdk/nodejs/computeHost.js"));
  });

  /** Makes one host and waits until all its parts are registered. */
  async function make(args: Partial<ComputeHostArgs>): Promise<InstanceType<typeof ComputeHost>> {
    registered = [];
    const host = new ComputeHost("compute-1", { connection, ...args } as ComputeHostArgs);
    const { backingStore, pageSizes, fileBackedMemory, persistentMemory, liveMigration, activation } = host;
    const parts = [backingStore, pageSizes, fileBackedMemory, persistentMemory, liveMigration, activation];
    for (const part of parts) {
      if (part) await new Promise((resolve) => part.urn.apply(resolve));
    }
    return host;
  }

  const kindsOf = () => registered.map(({ type }) => type.split(":").at(-1));
  const inputsOf = (kind: string) => registered.find(({ type }) => type.endsWith(`:${kind}`))!.inputs;

  it("is a component of store, configuration and activation, registered in that order", async () => {
    const host = await make({ backingStore: { device }, fileBackedMemory: { capacity: "auto" } });
    assert.deepEqual(kindsOf(), ["ComputeHost", "BackingStore", "FileBackedMemoryConfig", "ServiceActivation"]);
    assert.deepEqual(
      registered.map(({ name }) => name),
      ["compute-1", "compute-1-backing-store", "compute-1-file-backed-memory", "compute-1-activation"],
    );
    assert.equal(await new Promise((resolve) => host.memoryMb?.apply(resolve)), 4096);
  });

  it("tells what it is to live migration after all that decides it, and before the one restart", async () => {
    await make({ fileBackedMemory: { capacity: "auto" }, liveMigration: { permitPostCopy: false } });
    assert.deepEqual(kindsOf(), ["ComputeHost", "FileBackedMemoryConfig", "LiveMigrationConfig", "ServiceActivation"]);
    const { permitPostCopy, activation } = inputsOf("LiveMigrationConfig");
    assert.deepEqual([permitPostCopy, activation], [false, "deferred"]);
  });

  it("has page sizes as a part, before the configuration that must agree with them", async () => {
    const host = await make({
      pageSizes: { pools: [{ size: "2 MiB", count: 8 }] },
      fileBackedMemory: { capacity: "auto" },
    });
    assert.deepEqual(kindsOf(), ["ComputeHost", "PageSizePolicy", "FileBackedMemoryConfig", "ServiceActivation"]);
    assert.equal(inputsOf("PageSizePolicy")["activation"], "deferred");
    assert.deepEqual(inputsOf("PageSizePolicy")["pools"], [{ size: "2 MiB", count: 8 }]);
    assert.ok(host.pageSizes);
    await make({ pageSizes: {}, transform: { pageSizes: (args) => ({ ...args, allowed: "small" }) } });
    assert.equal(inputsOf("PageSizePolicy")["allowed"], "small");
  });

  it("leaves out what is not declared", async () => {
    const host = await make({ fileBackedMemory: { capacity: "1 GiB" } });
    assert.deepEqual(kindsOf(), ["ComputeHost", "FileBackedMemoryConfig", "ServiceActivation"]);
    assert.equal(host.backingStore, undefined);
    await make({ backingStore: { device } });
    assert.deepEqual(kindsOf(), ["ComputeHost", "BackingStore", "ServiceActivation"]);
  });

  it("may have persistent memory, before the one restart", async () => {
    const namespaces = [{ name: "gold-0", label: "6GB", size: "6 GiB" }];
    await make({
      fileBackedMemory: { capacity: "1 GiB" },
      persistentMemory: { namespaces },
      takeOverFrom: "old/production/node-1",
      transform: { persistentMemory: (args) => ({ ...args, consentToDestroy: [] }) },
    });
    const kinds = ["ComputeHost", "FileBackedMemoryConfig", "PersistentMemory", "ServiceActivation"];
    assert.deepEqual(kindsOf(), kinds);
    const inputs = inputsOf("PersistentMemory");
    assert.deepEqual(inputs["namespaces"], namespaces);
    assert.deepEqual(inputs["consentToDestroy"], []);
    assert.equal(inputs["activation"], "deferred");
    assert.equal(inputs["owner"], "project/stack/compute-1-persistent-memory");
    assert.equal(inputs["takeOverFrom"], "old/production/node-1-persistent-memory");
  });

  it("gives every part what holds for the host, an owner of its own, and the configuration no restart of its own", async () => {
    await make({
      backingStore: { device },
      fileBackedMemory: { capacity: "auto" },
      become: "sudo",
      unreachable: "skip",
    });
    for (const { inputs, name } of registered.slice(1)) {
      assert.equal(inputs["become"], "sudo", name);
      assert.equal(inputs["unreachable"], "skip", name);
      assert.equal(inputs["owner"], `project/stack/${name}`);
    }
    assert.equal(inputsOf("FileBackedMemoryConfig")["activation"], "deferred");
    assert.equal(inputsOf("BackingStore")["device"], device);
  });

  it("gives the cloud to what changes Nova's memory and what restarts, and to nobody who was not told", async () => {
    const cloud = { openstack: "production", drain: "migrate", drainTimeoutSeconds: 60 } as const;
    await make({ backingStore: { device }, fileBackedMemory: { capacity: "auto" }, ...cloud });
    for (const kind of ["FileBackedMemoryConfig", "ServiceActivation"]) {
      const { openstack, drain, drainTimeoutSeconds } = inputsOf(kind);
      assert.deepEqual({ openstack, drain, drainTimeoutSeconds }, cloud);
    }
    assert.equal("openstack" in inputsOf("BackingStore"), false);
    await make({ fileBackedMemory: { capacity: "auto" } });
    for (const name of Object.keys(cloud)) assert.equal(name in inputsOf("ServiceActivation"), false);
  });

  it("points libvirt at a store that is mounted elsewhere, unless told otherwise", async () => {
    const fileBackedMemory = { capacity: "auto" } as const;
    await make({ backingStore: { device, mountPoint: "/srv/store" }, fileBackedMemory });
    assert.equal(inputsOf("FileBackedMemoryConfig")["memoryBackingDir"], "/srv/store");
    await make({
      backingStore: { device, mountPoint: "/srv/store" },
      fileBackedMemory: { ...fileBackedMemory, memoryBackingDir: "/srv/store/memory" },
    });
    assert.equal(inputsOf("FileBackedMemoryConfig")["memoryBackingDir"], "/srv/store/memory");
  });

  it("points libvirt at its own directory where the store is at or above it, whatever qemu.conf says", async () => {
    const places = [undefined, "/var/lib/libvirt/qemu/ram", "/var/lib/libvirt"];
    for (const mountPoint of [...places, ...places.map((place) => pulumi.output(place) as pulumi.Output<string>)]) {
      const store = mountPoint === undefined ? { device } : { device, mountPoint };
      await make({ backingStore: store, fileBackedMemory: { capacity: "auto" } });
      assert.equal(inputsOf("FileBackedMemoryConfig")["memoryBackingDir"], "/var/lib/libvirt/qemu/ram");
    }
    const elsewhere = pulumi.output("/srv/store");
    await make({ backingStore: { device, mountPoint: elsewhere }, fileBackedMemory: { capacity: "auto" } });
    assert.equal(inputsOf("FileBackedMemoryConfig")["memoryBackingDir"], "/srv/store");
  });

  it("points libvirt at the store where a transformation mounts it", async () => {
    await make({
      backingStore: { device },
      fileBackedMemory: { capacity: "auto" },
      transform: { backingStore: (args) => ({ ...args, mountPoint: "/srv/store" }) },
    });
    assert.equal(inputsOf("FileBackedMemoryConfig")["memoryBackingDir"], "/srv/store");
  });

  it("leaves libvirt's setting alone without a store of its own", async () => {
    await make({ fileBackedMemory: { capacity: "1 GiB" } });
    assert.equal(inputsOf("FileBackedMemoryConfig")["memoryBackingDir"], undefined);
  });

  it("takes each part over from the same part of another one", async () => {
    const parts = { backingStore: { device }, fileBackedMemory: { capacity: "auto" } } as const;
    for (const takeOverFrom of ["old/production/node-1", pulumi.output("old/production/node-1")]) {
      await make({ ...parts, takeOverFrom });
      for (const { inputs, name } of registered.slice(1)) {
        // As that host's own parts are called, see the first case.
        const owner = String(inputs["owner"]).replace("project/stack/compute-1", "old/production/node-1");
        assert.equal(inputs["takeOverFrom"], owner, name);
      }
    }
    for (const nobody of [undefined, pulumi.output(undefined)]) {
      await make({ ...parts, ...(nobody ? { takeOverFrom: nobody as unknown as pulumi.Output<string> } : {}) });
      for (const { inputs, name } of registered.slice(1)) assert.equal(inputs["takeOverFrom"], undefined, name);
    }
  });

  it("lets every part be changed just before it is made", async () => {
    await make({
      backingStore: { device },
      fileBackedMemory: { capacity: "auto" },
      healthTimeoutSeconds: 100,
      transform: {
        backingStore: (args) => ({ ...args, removeOrphans: true }),
        fileBackedMemory: (args) => ({ ...args, capacity: "2 GiB" }),
        activation: (args) => ({ ...args, healthTimeoutSeconds: 200 }),
      },
    });
    assert.equal(inputsOf("BackingStore")["removeOrphans"], true);
    assert.equal(inputsOf("FileBackedMemoryConfig")["capacity"], "2 GiB");
    assert.equal(inputsOf("ServiceActivation")["healthTimeoutSeconds"], 200);
  });
});
