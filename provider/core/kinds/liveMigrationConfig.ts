import type { HostFacts } from "../facts/hostFacts";
import { parseInteger } from "../files/osloConfig";
import type { Inputs, Problem } from "../inputs/problem";
import { isOlder } from "../migration/releaseTable";
import { type MigrationProfile, majorOf } from "../migration/traits";
import { fileForNewOption, type NovaConfig, readNovaConfig } from "../novaConfig";
import { defaultHealthTimeoutSeconds, planConfigurationChange } from "../plan/activation";
import { planOptions, type WantedOption } from "../plan/options";
import { servicesFor } from "../plan/pendingNote";
import { planLines } from "../plan/step";
import type { CommonArgs, Evaluation, Json, Kind, Surroundings } from "./kind";
import { notJudged, permitsPostCopy, postCopyOption, profileOf } from "./liveMigrationTraits";

// ---- Args

export interface LiveMigrationConfigArgs extends CommonArgs {
  /** Undefined leaves Nova's option as it is. */
  permitPostCopy: boolean | undefined;
  /** What check made of the host; undefined in check itself. */
  profile: unknown;
  activation: "now" | "deferred";
  healthTimeoutSeconds: number;
}

// ---- check

function check(inputs: Inputs, common: CommonArgs): LiveMigrationConfigArgs {
  return {
    ...common,
    permitPostCopy: inputs.flag("permitPostCopy"),
    profile: inputs.raw("profile"),
    activation: inputs.choice("activation", ["now", "deferred"]) ?? "now",
    healthTimeoutSeconds: inputs.integer("healthTimeoutSeconds", 10, 86_400) ?? defaultHealthTimeoutSeconds,
  };
}

// ---- desired

function wantedOptions({ permitPostCopy }: LiveMigrationConfigArgs, config: NovaConfig): WantedOption[] {
  if (permitPostCopy === undefined) return [];
  const current = config.get(postCopyOption.section, postCopyOption.option);
  return [
    {
      ...postCopyOption,
      value: permitPostCopy ? "True" : "False",
      isRight: permitsPostCopy(config) === permitPostCopy,
      now: current?.text,
      path: current?.path ?? fileForNewOption(config) ?? "/etc/nova/nova.conf",
    },
  ];
}

/** With several connections for one migration, Nova 33 and newer start with post-copy only from this QEMU on. */
const multifdPostCopy = { nova: 33, qemu: "10.1.0" };

function refusals(args: LiveMigrationConfigArgs, facts: HostFacts, config: NovaConfig): Problem[] {
  const unknown = notJudged(facts, config);
  if (unknown.length > 0) return unknown;
  const variable = config.get(postCopyOption.section, postCopyOption.option)?.variable;
  if (variable && wantedOptions(args, config).some(({ isRight }) => !isRight))
    return [
      {
        path: "permitPostCopy",
        message: `cannot be set: ${variable} in the environment of ${facts.novaCompute!.unit.name} wins over every file; remove it there and restart the service`,
      },
    ];
  const { nova, qemu } = facts.versions;
  const connections = parseInteger(config.get("libvirt", "live_migration_parallel_connections")?.value ?? "1");
  const isParallel = connections.ok && (connections.value ?? 1) > 1;
  if (
    args.permitPostCopy &&
    isParallel &&
    majorOf(nova!) >= multifdPostCopy.nova &&
    isOlder(qemu!, multifdPostCopy.qemu)
  )
    return [
      {
        path: "permitPostCopy",
        message: `cannot be true: with live_migration_parallel_connections above 1 Nova starts with it from QEMU ${multifdPostCopy.qemu} on only, and the host has ${qemu}. Leave permitPostCopy out, or take that option out of nova.conf`,
      },
    ];
  return [];
}

/** What Nova keeps silent about. */
function warnings({ permitPostCopy }: LiveMigrationConfigArgs, profile: MigrationProfile): string[] {
  if (!permitPostCopy) return [];
  return [
    ...(profile.fileBacked
      ? [
          "with post-copy permitted, no guest can go from here to a host with file-backed memory on a disk: QEMU cannot do it, and from 8.1 on refuses every such migration",
        ]
      : []),
    ...(profile.pmem.length > 0 ? ["Nova never switches guests with persistent memory to post-copy"] : []),
  ];
}

// ---- plan

function evaluate(args: LiveMigrationConfigArgs, facts: HostFacts, { planned }: Surroundings): Evaluation {
  const config = readNovaConfig(facts);
  const record = facts.journal.objects.get(name);
  const problems = refusals(args, facts, config);
  const have = profileOf(facts, config);
  const options = planOptions(facts, name, record, problems.length > 0 ? [] : wantedOptions(args, config));
  const changed = readNovaConfig(facts, (path) => options.changes.text(path));
  const profile = problems.length > 0 ? undefined : profileOf(facts, changed, planned);
  const result = {
    problems,
    computed: { profile: (profile ?? null) as unknown as Json } satisfies Record<string, Json>,
    observed: {
      profile: (have ?? null) as unknown as Json,
      ...(args.permitPostCopy === undefined ? {} : { permitPostCopy: permitsPostCopy(config) }),
    },
    exists: record !== undefined,
  };
  if (!profile) return { ...result, plan: { steps: [], warnings: [] }, effect: undefined };
  const steps = planConfigurationChange({
    facts,
    object: name,
    owner: args.owner,
    options,
    activate: args.activation === "now" ? { healthTimeoutSeconds: args.healthTimeoutSeconds } : undefined,
  });
  const changes = options.changes.steps();
  const isDeferred = args.activation === "deferred" && changes.length > 0;
  return {
    ...result,
    plan: { steps, warnings: changes.length > 0 ? [...warnings(args, profile), ...options.left] : [] },
    effect: isDeferred
      ? {
          services: servicesFor(changes.map((step) => step.path)),
          reasons: planLines({ steps: changes, warnings: [] }),
          fileSystems: [],
        }
      : undefined,
  };
}

// ---- undo

function undo(args: LiveMigrationConfigArgs, facts: HostFacts): ReturnType<Kind<LiveMigrationConfigArgs>["undo"]> {
  const record = facts.journal.objects.get(name);
  if (!record) return { plan: { steps: [], warnings: [] }, problems: [] };
  const options = planOptions(facts, name, record, []);
  const steps = planConfigurationChange({
    facts,
    object: name,
    owner: undefined,
    options,
    activate: { healthTimeoutSeconds: args.healthTimeoutSeconds },
  });
  return { plan: { steps, warnings: options.left }, problems: [] };
}

const name = "LiveMigrationConfig";

export const liveMigrationConfig: Kind<LiveMigrationConfigArgs> = {
  name,
  inputNames: ["permitPostCopy", "activation", "healthTimeoutSeconds"],
  hasRecord: true,
  check,
  evaluate,
  undo,
};
