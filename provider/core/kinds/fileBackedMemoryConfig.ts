import { fileSystemOf } from "../facts/fileSystems";
import type { HostFacts } from "../facts/hostFacts";
import { parseInteger, parseFloat as parseRatio } from "../files/osloConfig";
import type { Inputs, Problem } from "../inputs/problem";
import { fileForNewOption, type NovaConfig, readNovaConfig } from "../novaConfig";
import { defaultHealthTimeoutSeconds, planConfigurationChange, servicesFor } from "../plan/activation";
import { planOptions, type WantedOption } from "../plan/options";
import { planLines } from "../plan/step";
import { formatMib, parseSize, toMib } from "../size";
import { lacking, minimums } from "../versions";
import { guestsAffected, guestWarnings } from "./guestHazards";
import type { CommonArgs, Evaluation, Json, Kind, Surroundings } from "./kind";
import {
  defaultMemoryBackingDir,
  memoryDirectory,
  qemuConfPath,
  readMemoryBackingDir,
  storeCapacity,
  wantedBackingDir,
} from "./memoryStore";

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

// ---- Observed

/** What nova-compute would read at its next start. */
interface Observed {
  memoryMb: number;
  ramAllocationRatio: number | undefined;
  reservedHostMemoryMb: number;
  memoryBackingDir: string | undefined;
}

// ---- Constants and defaults

/** Nova's default of `[DEFAULT] reserved_host_memory_mb` (nova/conf/compute.py). */
const novaReservedHostMemoryMb = 512;
/** Virtual machine types for which Nova accepts file-backed memory (`_check_file_backed_memory_support`). */
const virtTypes = ["kvm", "qemu"];

const options = {
  memory: { section: "libvirt", option: "file_backed_memory" },
  ratio: { section: "DEFAULT", option: "ram_allocation_ratio" },
  reserved: { section: "DEFAULT", option: "reserved_host_memory_mb" },
} as const;

// ---- check

function check(inputs: Inputs, common: CommonArgs): FileBackedMemoryConfigArgs {
  const directory = inputs.text("memoryBackingDir");
  if (directory !== undefined && !/^\/[^"\n]*[^/"\n]$/.test(directory)) {
    inputs.problem(
      "memoryBackingDir",
      "must be an absolute path without a trailing slash or quotes, such as /mnt/guest-memory",
    );
  }
  if (!inputs.has("capacity")) inputs.problem("capacity", 'is required: a size such as "1 TiB", or "auto"');
  return {
    ...common,
    capacity: readSize(inputs, "capacity", ["auto"]) ?? "auto",
    memoryMb: inputs.integer("memoryMb", 0, Number.MAX_SAFE_INTEGER),
    memoryBackingDir: directory,
    reservedHostMemory: readSize(inputs, "reservedHostMemory", []) ?? 0,
    discard: inputs.choice("discard", ["auto", "required"]) ?? "auto",
    activation: inputs.choice("activation", ["now", "deferred"]) ?? "now",
    healthTimeoutSeconds: inputs.integer("healthTimeoutSeconds", 10, 86_400) ?? defaultHealthTimeoutSeconds,
  };
}

function readSize(inputs: Inputs, name: string, words: readonly string[]): string | number | undefined {
  const value = inputs.raw(name);
  if (!inputs.has(name) || words.includes(value as string)) return value as string | undefined;
  try {
    const mib = toMib(parseSize(value as string | number));
    if (name === "capacity" && mib < 1) return inputs.problem(name, "must be at least 1 MiB");
    return value as string | number;
  } catch (error) {
    return inputs.problem(name, (error as Error).message);
  }
}

// ---- desired

interface Desired {
  memoryMb: number;
  reservedHostMemoryMb: number;
  memoryBackingDir: string | undefined;
}

function desired(args: FileBackedMemoryConfigArgs, facts: HostFacts, surroundings: Surroundings): Desired {
  const directory = memoryDirectory(wantedBackingDir(args.memoryBackingDir, readMemoryBackingDir(facts)));
  return {
    memoryMb:
      args.capacity === "auto" ? automatic(args, directory, facts, surroundings) : toMib(parseSize(args.capacity)),
    reservedHostMemoryMb: toMib(parseSize(args.reservedHostMemory)),
    memoryBackingDir: args.memoryBackingDir,
  };
}

/** "auto" stays where it once was for as long as the store can hold that: a capacity must not follow every free block. */
function automatic(
  args: FileBackedMemoryConfigArgs,
  directory: string,
  facts: HostFacts,
  surroundings: Surroundings,
): number {
  if (args.memoryMb !== undefined) return args.memoryMb;
  const possible = storeCapacity(facts, directory)?.mib ?? 0;
  const recorded = surroundings.recorded;
  const former = recorded?.["capacity"] === "auto" ? Number(recorded["memoryMb"] ?? 0) : 0;
  return former > 0 && former <= possible ? former : possible;
}

// ---- observe

function observe(facts: HostFacts, config: NovaConfig): Observed {
  const integer = (name: keyof typeof options, otherwise: number) => {
    const parsed = parseInteger(config.get(options[name].section, options[name].option)?.value ?? "");
    return parsed.ok && parsed.value !== null ? parsed.value : otherwise;
  };
  const ratio = parseRatio(config.get(options.ratio.section, options.ratio.option)?.value ?? "");
  return {
    memoryMb: integer("memory", 0),
    ramAllocationRatio: ratio.ok ? (ratio.value ?? undefined) : undefined,
    reservedHostMemoryMb: integer("reserved", novaReservedHostMemoryMb),
    memoryBackingDir: readMemoryBackingDir(facts),
  };
}

// ---- diff: which options must change, and where

function wantedOptions(want: Desired, have: Observed, config: NovaConfig): WantedOption[] {
  const nova = (name: keyof typeof options, value: string, isRight: boolean): WantedOption => {
    const current = config.get(options[name].section, options[name].option);
    return {
      ...options[name],
      value,
      isRight,
      now: current?.text,
      path: current?.path ?? fileForNewOption(config) ?? "/etc/nova/nova.conf",
    };
  };
  const wanted = [
    nova("memory", String(want.memoryMb), have.memoryMb === want.memoryMb),
    nova("ratio", "1.0", have.ramAllocationRatio === 1),
    nova("reserved", String(want.reservedHostMemoryMb), have.reservedHostMemoryMb === want.reservedHostMemoryMb),
  ];
  if (want.memoryBackingDir !== undefined) {
    wanted.push({
      path: qemuConfPath,
      section: "",
      option: "memory_backing_dir",
      value: want.memoryBackingDir,
      now: have.memoryBackingDir && `"${have.memoryBackingDir}`,
      isRight: (have.memoryBackingDir ?? defaultMemoryBackingDir) === want.memoryBackingDir,
    });
  }
  return wanted;
}

// ---- what Nova, libvirt or the disk would refuse

function refusals(
  args: FileBackedMemoryConfigArgs,
  want: Desired,
  have: Observed,
  facts: HostFacts,
  config: NovaConfig,
): Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: string, message: string) => problems.push({ path, message });
  if (config.failure) {
    refuse("", `nova-compute cannot read its configuration: ${config.failure}; mend that first`);
    return problems;
  }
  for (const lack of lacking(minimums.fileBackedMemory, facts.versions)) refuse("", lack);
  if (args.discard === "required")
    for (const lack of lacking(minimums.discard, facts.versions)) refuse("discard", lack);
  if (want.memoryBackingDir !== undefined && !facts.files.has(qemuConfPath)) {
    refuse("memoryBackingDir", `the host has no ${qemuConfPath} to set it in`);
  }

  const virtType = config.get("libvirt", "virt_type");
  if (virtType && !virtTypes.includes(virtType.text)) {
    refuse(
      "",
      `[libvirt] virt_type is ${virtType.text} (${virtType.path ?? virtType.variable}); Nova allows file-backed memory with kvm and qemu only`,
    );
  }
  for (const wanted of wantedOptions(want, have, config)) {
    const variable = wanted.section === "" ? undefined : config.get(wanted.section, wanted.option)?.variable;
    if (variable && !wanted.isRight) {
      refuse(
        "",
        `${variable} in the environment of ${facts.novaCompute?.unit.name} wins over every file; remove it there`,
      );
    }
  }
  if (want.reservedHostMemoryMb >= want.memoryMb && want.memoryMb > 0) {
    refuse(
      "reservedHostMemory",
      `must be less than the capacity of ${formatMib(want.memoryMb)}; Nova refuses to start otherwise. Leave it out: nothing needs to be reserved of a store`,
    );
  }

  const directory = memoryDirectory(wantedBackingDir(args.memoryBackingDir, readMemoryBackingDir(facts)));
  const store = storeCapacity(facts, directory);
  if (!store) refuse("memoryBackingDir", `no local file system holds ${directory}`);
  else if (want.memoryMb > store.mib) {
    refuse(
      "capacity",
      `is ${formatMib(want.memoryMb)}, but the file system at ${store.mountPoint} can hold ${formatMib(store.mib)} of guest memory; Nova would fill it up and guests would die. Use at most that, or "auto`,
    );
  } else if (args.capacity === "auto" && store.mountPoint === "/") {
    refuse(
      "capacity",
      `"auto" would give the whole root file system to guests; mount a store at ${directory} first, or name a capacity`,
    );
  } else if (want.memoryMb < 1)
    refuse("capacity", `the file system at ${store.mountPoint} has no room for guest memory`);
  problems.push(
    ...guestsAffected(args, want.memoryMb, have.memoryMb, directory !== memoryDirectory(have.memoryBackingDir), facts),
  );
  return problems;
}

// ---- what Nova keeps silent about

function warnings(args: FileBackedMemoryConfigArgs, want: Desired, facts: HostFacts, config: NovaConfig): string[] {
  const said: string[] = [];
  const directory = memoryDirectory(wantedBackingDir(args.memoryBackingDir, readMemoryBackingDir(facts)));
  const ramMb = Math.floor(facts.memory.totalKib / 1024);
  if (want.memoryMb > ramMb) {
    said.push(
      `guests with a NUMA topology (hw:numa_nodes, pinned CPUs, hw:pmem) stay bounded by the real RAM of each node, ${formatMib(ramMb)} in all`,
    );
  }
  if (want.reservedHostMemoryMb > 0)
    said.push("Nova warns about reserved_host_memory_mb beside file-backed memory, and will refuse it one day");
  const store = fileSystemOf(facts.fileSystems, directory);
  if (store?.mountPoint === "/")
    said.push(`${directory} is on the root file system: guests that use their memory can fill it up`);
  const instances = config.get("DEFAULT", "instances_path")?.text ?? "/var/lib/nova/instances";
  if (
    store &&
    fileSystemOf(facts.fileSystems, instances.replace("$state_path", "/var/lib/nova"))?.device === store.device
  ) {
    said.push(
      `instance disks (${instances}) are on the same file system as guest memory: they take room that Nova counts as memory`,
    );
  }
  for (const lack of lacking(minimums.discard, facts.versions))
    said.push(`${lack}: guests write their memory back to the store when they stop`);
  return [...said, ...guestWarnings(facts)];
}

// ---- plan

function evaluate(args: FileBackedMemoryConfigArgs, facts: HostFacts, surroundings: Surroundings): Evaluation {
  const config = readNovaConfig(facts);
  const have = observe(facts, config);
  const want = desired(args, facts, surroundings);
  const problems = refusals(args, want, have, facts, config);
  const record = facts.journal.objects.get(name);
  const result = {
    problems,
    computed: { memoryMb: want.memoryMb } satisfies Record<string, Json>,
    observed: observedInputs(args, want, have),
    exists: record !== undefined || (have.memoryMb > 0 && have.memoryMb === want.memoryMb),
  };
  if (problems.length > 0) return { ...result, plan: { steps: [], warnings: [] }, effect: undefined };
  const planned = planOptions(facts, name, record, wantedOptions(want, have, config));
  const steps = planConfigurationChange({
    facts,
    object: name,
    owner: args.owner,
    options: planned,
    activate: args.activation === "now" ? { healthTimeoutSeconds: args.healthTimeoutSeconds } : undefined,
  });
  const changes = planned.changes.steps();
  return {
    ...result,
    plan: { steps, warnings: changes.length > 0 ? [...warnings(args, want, facts, config), ...planned.left] : [] },
    effect:
      changes.length === 0 || args.activation === "now"
        ? undefined
        : {
            services: servicesFor(changes.map((step) => step.path)),
            reasons: planLines({ steps: changes, warnings: [] }),
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
  const moved = planned.changes.steps().some((step) => step.path.endsWith("/qemu.conf"));
  return { plan: { steps, warnings: planned.left }, problems: guestsAffected(args, 0, have.memoryMb, moved, facts) };
}

const name = "FileBackedMemoryConfig";

export const fileBackedMemoryConfig: Kind<FileBackedMemoryConfigArgs> = {
  name,
  inputNames: ["capacity", "memoryBackingDir", "reservedHostMemory", "discard", "activation", "healthTimeoutSeconds"],
  hasRecord: true,
  check,
  evaluate,
  undo,
};
