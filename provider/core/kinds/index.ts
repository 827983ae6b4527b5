import { backingStore } from "./backingStore";
import { fileBackedMemoryConfig } from "./fileBackedMemoryConfig";
import type { CommonArgs, Kind } from "./kind";
import { liveMigrationConfig } from "./liveMigrationConfig";
import { pageSizePolicy } from "./pageSizePolicy";
import { persistentMemory } from "./persistentMemory";
import { serviceActivation } from "./serviceActivation";

const all = [
  backingStore,
  fileBackedMemoryConfig,
  liveMigrationConfig,
  pageSizePolicy,
  persistentMemory,
  serviceActivation,
];

/** Every kind by its name, as state and host records know it. */
export const kinds: ReadonlyMap<string, Kind<CommonArgs>> = new Map(
  all.map((kind) => [kind.name, kind as unknown as Kind<CommonArgs>]),
);
