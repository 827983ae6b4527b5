import type { HostFacts } from "../facts/hostFacts";
import { noProbes } from "../facts/probes";
import { cloudInputNames, readCloud } from "../inputs/cloud";
import type { Inputs } from "../inputs/problem";
import { readSize } from "../inputs/size";
import { readNovaConfig } from "../novaConfig";
import { defaultHealthTimeoutSeconds, fileBackedMemoryMb, planConfigurationChange } from "../plan/activation";
import { planOptions } from "../plan/options";
import { servicesFor } from "../plan/pendingNote";
import { planLines } from "../plan/step";
import { formatMib, parseSize, toMib } from "../size";
import { type Desired, type Observed, observe, wantedOptions } from "./fileBackedMemoryOptions";
import { pageSizesRefused, refusals, roomWarnings, undoRefusals, warnings } from "./fileBackedMemoryRules";
import { guestsAffected, guestsMoveAway } from "./guestHazards";
import type { CommonArgs, Evaluation, Json, Kind, Surroundings } from "./kind";
import { defaultMemoryBackingDir, memoryDirectory, readMemoryBackingDir, wantedBackingDir } from "./memoryDirectory";
import { storeCapacity, withPlannedStores } from "./memoryStore";

// ---- Args

export interface FileBackedMemoryConfigArgs extends CommonArgs {
  /** As the user wrote it; "auto" is what the store can hold. */
  capacity: string | number;
  /** What check made of `capacity`, in MiB; undefined in check itself. */
  memoryMb: number | undefined;
  /** Undefined leaves qemu.conf alone. */
  memoryBackingDir: string | undefined;
  reservedHostMemory: string | number;
  discard: "auto" | "required";
  activation: "now" | "deferred";
  healthTimeoutSeconds: number;
}

// ---- check

function check(inputs: Inputs, common: CommonArgs): FileBackedMemoryConfigArgs {
  const directory = inputs.text("memoryBackingDir");
  if (directory !== undefined && !isUsablePath(directory)) {
    inputs.problem(
      "memoryBackingDir",
      "must be an absolute path without a trailing slash, quotes, control characters or dots as names, such as /mnt/guest-memory",
    );
  } else if (directory !== undefined && /^\/(proc|sys|dev|etc|boot|run)(\/|$)/.test(directory)) {
    inputs.problem(
      "memoryBackingDir",
      "is a directory of the system; declare one on a disk, such as /mnt/guest-memory",
    );
  }
  if (!inputs.has("capacity")) inputs.problem("capacity", 'is required: a size such as "1 TiB", or "auto"');
  const activation = inputs.choice("activation", ["now", "deferred"]) ?? "now";
  const healthTimeoutSeconds = inputs.integer("healthTimeoutSeconds", 10, 86_400) ?? defaultHealthTimeoutSeconds;
  return {
    ...common,
    ...readCloud(inputs, { restarts: activation === "now", healthTimeoutSeconds }),
    capacity: readSize(inputs, "capacity", 1, "auto") ?? "auto",
    memoryMb: inputs.integer("memoryMb", 0, Number.MAX_SAFE_INTEGER),
    memoryBackingDir: directory,
    reservedHostMemory: readSize(inputs, "reservedHostMemory", 0) ?? 0,
    discard: inputs.choice("discard", ["auto", "required"]) ?? "auto",
    activation,
    healthTimeoutSeconds,
  };
}

function isUsablePath(path: string): boolean {
  return path.length < 4096 && /^(\/(?!\.{1,2}(\/|$))[^/"\x00-\x1f\x7f]+)+$/.test(path);
}

// ---- desired

function desired(args: FileBackedMemoryConfigArgs, facts: HostFacts, surroundings: Surroundings): Desired {
  const directory = memoryDirectory(wantedBackingDir(args.memoryBackingDir, readMemoryBackingDir(facts)));
  return {
    memoryMb:
      args.capacity === "auto" ? automatic(args, directory, facts, surroundings) : toMib(parseSize(args.capacity)),
    reservedHostMemoryMb: toMib(parseSize(args.reservedHostMemory)),
    memoryBackingDir: args.memoryBackingDir,
  };
}

/**
 * "auto" follows the size of a device that guest memory has for itself. Elsewhere it stays where it once was for as long as
 * the store can hold that: a capacity must not follow every free block.
 */
function automatic(
  args: FileBackedMemoryConfigArgs,
  directory: string,
  facts: HostFacts,
  surroundings: Surroundings,
): number {
  if (args.memoryMb !== undefined) return args.memoryMb;
  const store = storeCapacity(facts, directory);
  if (store?.isOfWholeDevice) return store.mib;
  const possible = store?.mib ?? 0;
  const recorded = surroundings.recorded;
  const former = recorded?.["capacity"] === "auto" ? Number(recorded["memoryMb"] ?? 0) : 0;
  return former > 0 && former <= possible ? former : possible;
}

// ---- plan

function evaluate(args: FileBackedMemoryConfigArgs, present: HostFacts, surroundings: Surroundings): Evaluation {
  const facts = withPlannedStores(present, surroundings);
  const config = readNovaConfig(facts);
  const have = observe(facts, config);
  const want = desired(args, facts, surroundings);
  const problems = [...refusals(args, want, have, facts, config), ...pageSizesRefused(want, facts, surroundings)];
  const record = facts.journal.objects.get(name);
  const result = {
    problems,
    computed: { memoryMb: want.memoryMb } satisfies Record<string, Json>,
    observed: observedInputs(args, want, have),
    exists: record !== undefined || (have.memoryMb > 0 && have.memoryMb === want.memoryMb),
  };
  if (problems.length > 0) return { ...result, plan: { steps: [], warnings: [] }, effect: undefined };
  const planned = planOptions(facts, name, record, wantedOptions(want, have, config, facts.qemuConf));
  const changes = planned.changes.steps();
  const isDeferred = args.activation === "deferred";
  const movesGuests = guestsMoveAway(args, facts) && facts.guests.some(({ running }) => running);
  const countsOnMigration = isDeferred && changes.length > 0 && movesGuests;
  const steps = planConfigurationChange({
    facts,
    object: name,
    owner: args.owner,
    options: planned,
    countsOnMigration,
    activate: args.activation === "now" ? { healthTimeoutSeconds: args.healthTimeoutSeconds } : undefined,
  });
  return {
    ...result,
    plan: {
      steps,
      warnings: [
        ...roomWarnings(args, want, facts),
        ...(changes.length > 0 ? [...warnings(args, want, facts, config), ...planned.left] : []),
      ],
    },
    effect: {
      services: isDeferred ? servicesFor(changes.map((step) => step.path)) : [],
      reasons: isDeferred ? planLines({ steps: changes, warnings: [] }) : [],
      fileSystems: [],
      fileBackedMemoryMb: want.memoryMb,
      ...(countsOnMigration ? { countsOnMigration } : {}),
    },
  };
}

/** Under the inputs' names; where the host agrees, in the user's own words. */
function observedInputs(args: FileBackedMemoryConfigArgs, want: Desired, have: Observed): Record<string, Json> {
  const isRight = have.memoryMb === want.memoryMb && have.ramAllocationRatio === 1;
  const observed: Record<string, Json> = {
    capacity: isRight ? args.capacity : formatMib(have.memoryMb),
    memoryMb: have.memoryMb,
    ramAllocationRatio: have.ramAllocationRatio ?? null,
    reservedHostMemory:
      have.reservedHostMemoryMb === want.reservedHostMemoryMb
        ? args.reservedHostMemory
        : formatMib(have.reservedHostMemoryMb),
  };
  if (args.memoryBackingDir !== undefined)
    observed["memoryBackingDir"] = have.memoryBackingDir ?? defaultMemoryBackingDir;
  return observed;
}

// ---- undo

function undo(
  args: FileBackedMemoryConfigArgs,
  facts: HostFacts,
): ReturnType<Kind<FileBackedMemoryConfigArgs>["undo"]> {
  const record = facts.journal.objects.get(name);
  if (!record) return { plan: { steps: [], warnings: [] }, problems: [] };
  const have = observe(facts, readNovaConfig(facts));
  const planned = planOptions(facts, name, record, []);
  const steps = planConfigurationChange({
    facts,
    object: name,
    owner: undefined,
    options: planned,
    activate: { healthTimeoutSeconds: args.healthTimeoutSeconds },
  });
  const left = fileBackedMemoryMb(facts, planned.changes) ?? 0;
  const moved = planned.changes.steps().some((step) => step.path.endsWith("/qemu.conf"));
  const problems = [
    ...undoRefusals(facts, record, planned.changes),
    ...guestsAffected(args, left, have.memoryMb, moved, facts),
  ];
  return { plan: { steps, warnings: planned.left }, problems };
}

const name = "FileBackedMemoryConfig";

export const fileBackedMemoryConfig: Kind<FileBackedMemoryConfigArgs> = {
  name,
  inputNames: [
    "capacity",
    "memoryBackingDir",
    "reservedHostMemory",
    "discard",
    "activation",
    "healthTimeoutSeconds",
    ...cloudInputNames,
  ],
  hasRecord: true,
  probes: ({ memoryBackingDir: directory }) => ({
    ...noProbes,
    directories: [defaultMemoryBackingDir, ...(directory === undefined ? [] : [directory, memoryDirectory(directory)])],
  }),
  check,
  evaluate,
  memory: (args, { computed }) => ({
    memoryMb: Number(computed["memoryMb"]),
    reservedMb: toMib(parseSize(args.reservedHostMemory)),
  }),
  undo,
};
