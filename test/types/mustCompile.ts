// Programs that users write. That this file compiles is the test.
import type { types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import {
  type ConnectionArgs,
  FileBackedMemoryConfig,
  type HostArgs,
  PageSizePolicy,
  PersistentMemory,
  ServiceActivation,
} from "../../sdk/nodejs";

/** The object that users already have for @pulumi/command, unchanged. */
export function sharedWithCommand(connection: types.input.remote.ConnectionArgs): HostArgs {
  return { connection };
}

export function fromConfiguration(config: pulumi.Config): FileBackedMemoryConfig[] {
  const connection = config.requireObject<ConnectionArgs>("connection");
  const password = config.requireSecret("password");
  return [
    new FileBackedMemoryConfig("text", { connection, capacity: "1 TiB" }),
    new FileBackedMemoryConfig("number", { connection, capacity: 1024 }),
    new FileBackedMemoryConfig("auto", { connection, capacity: "auto" }),
    new FileBackedMemoryConfig("outputs", {
      connection: { host: pulumi.output("compute-1"), password, proxy: { host: "bastion" }, transport: "ssh" },
      become: { method: "sudo", password },
      capacity: pulumi.output("1 TiB"),
      memoryBackingDir: "/mnt/memory",
      reservedHostMemory: 0,
      discard: "required",
      activation: "deferred",
      healthTimeoutSeconds: 600,
      unreachable: "skip",
      lockTimeoutSeconds: 60,
      allowHazards: ["guests-in-ram", pulumi.output("guests-in-files" as const)],
      takeOverFrom: "other/prod/memory",
    }),
  ];
}

export function pages(connection: { host: string }): PageSizePolicy[] {
  return [
    new PageSizePolicy("default", { connection }),
    new PageSizePolicy("word", { connection, allowed: "large" }),
    new PageSizePolicy("number", { connection, allowed: 2048 }),
    new PageSizePolicy("all", {
      connection,
      allowed: ["small", 2048, "1 GiB"],
      pools: [{ size: "2 MiB", count: 512 }, pulumi.output({ size: 1048576, node: 0, count: pulumi.output(4) })],
      atBoot: "kernel-command-line",
      enforceBy: "empty-pools",
      trait: "CUSTOM_PAGES",
      traitBy: "placement",
      activation: "deferred",
      healthTimeoutSeconds: 600,
      allowHazards: ["guests-without-pages"],
    }),
  ];
}

export function namespaces(connection: { host: string }): PersistentMemory[] {
  return [
    new PersistentMemory("one", { connection, namespaces: [{ name: "a", label: "A", size: 1024 }] }),
    new PersistentMemory("all", {
      connection,
      namespaces: [
        { name: "a", label: "A", size: "1 GiB", alignment: "1 GiB", region: "region0", map: "mem" },
        pulumi.output({ name: pulumi.output("b"), label: "A", size: "1 GiB", numaNode: 1 }),
      ],
      consentToDestroy: ["a UUID=00000000-0000-4000-8000-000000000001"],
      activation: "deferred",
      healthTimeoutSeconds: 600,
      allowHazards: ["renumbered-namespaces"],
    }),
  ];
}

export function clouds(connection: { host: string }): ServiceActivation[] {
  return [
    new ServiceActivation("by name", { connection, openstack: "production", drain: "disable" }),
    new ServiceActivation("by object", {
      connection,
      openstack: { cloud: "production", region: pulumi.output("RegionOne"), password: pulumi.secret("p") },
      drain: "migrate",
      drainTimeoutSeconds: 600,
    }),
    new ServiceActivation("by output", { connection, openstack: pulumi.output("production") }),
  ];
}

export function rules(policy: PageSizePolicy): pulumi.Output<Record<string, string> | undefined> {
  return policy.schedulerRules.apply((each) => each?.aggregateMetadata);
}

export function flavorOf(memory: PersistentMemory): pulumi.Output<Record<string, string> | undefined> {
  return memory.flavorKeys.apply((keys) => keys["A"]);
}

export function outputs(memory: FileBackedMemoryConfig): [pulumi.Output<number>, pulumi.Output<string[]>] {
  new ServiceActivation("all", { connection: { host: "compute-1" } }, { dependsOn: [memory] });
  return [memory.memoryMb, memory.plan];
}
