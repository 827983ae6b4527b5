// Mistakes that the compiler must find. Each directive is an error itself if the line after it compiles.
import { FileBackedMemoryConfig, PageSizePolicy, PersistentMemory, ServiceActivation } from "../../sdk/nodejs";

const connection = { host: "compute-1" };

// @ts-expect-error without a connection
new FileBackedMemoryConfig("a", { capacity: "1 GiB" });
// @ts-expect-error without a capacity
new FileBackedMemoryConfig("a", { connection });
// @ts-expect-error a connection without a host
new ServiceActivation("a", { connection: { user: "root" } });
// @ts-expect-error a misspelt property
new FileBackedMemoryConfig("a", { connection, capacity: 1, memoryBackingDirectory: "/mnt" });
// @ts-expect-error a capacity that is neither text nor number
new FileBackedMemoryConfig("a", { connection, capacity: true });
// @ts-expect-error a word that is not one of the choices
new FileBackedMemoryConfig("a", { connection, capacity: 1, discard: "always" });
// @ts-expect-error a hazard that nobody knows
new FileBackedMemoryConfig("a", { connection, capacity: 1, allowHazards: ["everything"] });
// @ts-expect-error a way to become root that nobody knows
new ServiceActivation("a", { connection, become: "su" });
// @ts-expect-error a host key check that nobody knows
new ServiceActivation("a", { connection: { host: "a", hostKeyChecking: "maybe" } });
// @ts-expect-error what only belongs to another kind
new ServiceActivation("a", { connection, capacity: 1 });

// @ts-expect-error a pool without a count
new PageSizePolicy("a", { connection, pools: [{ size: "2 MiB" }] });
// @ts-expect-error sizes that are neither text nor number
new PageSizePolicy("a", { connection, allowed: [true] });
// @ts-expect-error a way to enforce that nobody knows
new PageSizePolicy("a", { connection, enforceBy: "hope" });

// @ts-expect-error a namespace without a label
new PersistentMemory("a", { connection, namespaces: [{ name: "a", size: "1 GiB" }] });
// @ts-expect-error a consent to everything
new PersistentMemory("a", { connection, namespaces: [], consentToDestroy: true });
// @ts-expect-error a drain that nobody knows
new ServiceActivation("a", { connection, openstack: "production", drain: "evacuate" });
// @ts-expect-error a misspelt credential
new ServiceActivation("a", { connection, openstack: { pasword: "p" } });

declare const memory: FileBackedMemoryConfig;
declare const other: FileBackedMemoryConfig;
// @ts-expect-error an output is no plain value
export const sum: number = memory.memoryMb + 1;
// @ts-expect-error outputs are not written to
memory.memoryMb = other.memoryMb;
