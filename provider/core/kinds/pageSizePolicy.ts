import type { HostFacts } from "../facts/hostFacts";
import { Inputs } from "../inputs/problem";
import { readNovaConfig } from "../novaConfig";
import { defaultHealthTimeoutSeconds, planConfigurationChange } from "../plan/activation";
import { bothBeside } from "../plan/beside";
import { planOptions } from "../plan/options";
import { planLines } from "../plan/step";
import { givenSizes } from "./givenPages";
import type { CommonArgs, Evaluation, Json, Kind, Surroundings } from "./kind";
import type { AtBoot } from "./pageBoot";
import { enforcement, schedulerRules } from "./pageEnforcement";
import { planFolders } from "./pageFolders";
import { planPools } from "./pagePools";
import { wantedReservations } from "./pageReservations";
import { pageRefusals, pageUndoRefusals, pageWarnings } from "./pageRules";
import { type AllowedInput, allowedProblems, hostSizes, type PageSizeInput, parsePageSize } from "./pageSize";
import { desiredPages, observedPages } from "./pageState";
import { planTrait, type Trait, traitProblems } from "./pageTrait";

// ---- Args

/** A pool as declared. */
export interface PoolArgs {
  size: PageSizeInput;
  /** Left out for every node, each with `count` pages. */
  node?: number;
  count: number;
}

export interface PageSizePolicyArgs extends CommonArgs {
  allowed: AllowedInput;
  pools: PoolArgs[];
  atBoot: AtBoot;
  enforceBy: "reservation" | "empty-pools";
  trait: Trait | undefined;
  activation: "now" | "deferred";
  healthTimeoutSeconds: number;
}

// ---- check

function check(inputs: Inputs, common: CommonArgs): PageSizePolicyArgs {
  const allowed = inputs.has("allowed") ? (inputs.raw("allowed") as AllowedInput) : "any";
  for (const { index, message } of allowedProblems(allowed)) {
    inputs.problem(index === undefined ? "allowed" : `allowed[${index}]`, message);
  }
  return {
    ...common,
    allowed,
    pools: readPools(inputs),
    atBoot: inputs.choice("atBoot", ["unit", "kernel-command-line"]) ?? "unit",
    enforceBy: inputs.choice("enforceBy", ["reservation", "empty-pools"]) ?? "reservation",
    trait: readTrait(inputs),
    activation: inputs.choice("activation", ["now", "deferred"]) ?? "now",
    healthTimeoutSeconds: inputs.integer("healthTimeoutSeconds", 10, 86_400) ?? defaultHealthTimeoutSeconds,
  };
}

/** placement's rule of names, os-traits' of custom ones. */
function readTrait(inputs: Inputs): Trait | undefined {
  const name = inputs.text("trait");
  const by = inputs.choice("traitBy", ["provider-config", "placement"]) ?? "provider-config";
  if (name === undefined) {
    if (inputs.has("traitBy")) inputs.problem("traitBy", "is for a trait; name one in trait, or leave it out");
    return undefined;
  }
  if (!/^CUSTOM_[A-Z0-9_]{1,248}$/.test(name)) {
    return inputs.problem("trait", "must begin with CUSTOM_, and go on with capital letters, digits and underscores");
  }
  return { name, by };
}

function readPools(inputs: Inputs): PoolArgs[] {
  const value = inputs.raw("pools");
  if (!inputs.has("pools")) return [];
  if (!Array.isArray(value)) {
    inputs.problem("pools", 'must be a list such as [{ size: "2 MiB", node: 0, count: 512 }]');
    return [];
  }
  return value.flatMap((entry: unknown, index) => {
    const at = `pools[${index}]`;
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
      inputs.problem(at, 'must be an object such as { size: "2 MiB", node: 0, count: 512 }');
      return [];
    }
    const pool = new Inputs(entry as Record<string, unknown>, inputs.path(at), inputs.problems);
    pool.rejectUnknown(["size", "node", "count"]);
    if (!pool.has("count")) pool.problem("count", "is required: the number of pages");
    const size = readSize(pool);
    const node = pool.integer("node", 0, 1023);
    const count = pool.integer("count", 0, 2 ** 40);
    return size === undefined || count === undefined ? [] : [{ size, count, ...(node === undefined ? {} : { node }) }];
  });
}

function readSize(pool: Inputs): PageSizeInput | undefined {
  try {
    parsePageSize(pool.raw("size"));
    return pool.raw("size") as PageSizeInput;
  } catch (error) {
    return pool.problem("size", (error as Error).message);
  }
}

// ---- plan

function evaluate(args: PageSizePolicyArgs, facts: HostFacts, surroundings: Surroundings): Evaluation {
  const config = readNovaConfig(facts);
  const want = desiredPages(args, facts);
  const record = facts.journal.objects.get(name);
  const problems = [
    ...pageRefusals(args, want, facts, config, surroundings),
    ...(config.failure ? [] : traitProblems(args.trait, facts, config)),
  ];
  const isEmptied = args.enforceBy === "empty-pools";
  const strength = enforcement(hostSizes(facts.hugePages), want.sizes, isEmptied, facts.versions.nova);
  const result = {
    problems,
    computed: {
      enforcement: strength.level,
      gaps: strength.gaps as unknown as Json,
      schedulerRules: schedulerRules(want.sizes, strength, args.trait?.name, facts.versions.nova) as unknown as Json,
    } satisfies Record<string, Json>,
    observed: observedPages(args, want, facts, config),
    exists: record !== undefined,
  };
  if (problems.length > 0) return { ...result, plan: { steps: [], warnings: [] }, effect: undefined };
  const pools = planPools(facts, want.pools, args.atBoot, record?.pages);
  const trait = planTrait(args.trait, facts, config, record?.pages, args.activation === "deferred");
  const options = planOptions(facts, name, record, wantedReservations(want.withheld, config));
  const folders = planFolders(facts, [...pools.kept, ...trait.kept], record?.pages);
  const beside = bothBeside(bothBeside(pools, trait.beside), folders);
  const details = (known: typeof pools.after, traits: typeof trait.after, madeFolders: string[]) => ({
    pages: {
      ...{ ...known, restricts: want.restricts },
      ...(traits.length > 0 ? { traits } : {}),
      ...(madeFolders.length > 0 ? { madeFolders } : {}),
    },
  });
  const steps = planConfigurationChange({
    facts,
    object: name,
    owner: args.owner,
    options,
    beside,
    details: {
      during: details(pools.during, trait.during, folders.during),
      after: details(pools.after, trait.during, folders.after),
    },
    afterwards: { steps: trait.afterwards, details: details(pools.after, trait.after, folders.after) },
    activate: args.activation === "now" ? { healthTimeoutSeconds: args.healthTimeoutSeconds } : undefined,
  });
  const lines = planLines({ steps, warnings: [] });
  const isDeferred = args.activation === "deferred" && (beside.restarts || options.changes.steps().length > 0);
  return {
    ...result,
    plan: {
      steps,
      warnings:
        lines.length > 0
          ? [...pageWarnings(args, want, strength, facts), ...options.left, ...pools.left, ...trait.left]
          : [],
    },
    effect: {
      services: isDeferred ? ["nova-compute"] : [],
      reasons: isDeferred ? lines : [],
      fileSystems: [],
      restrictsPageSizes: want.restricts,
      goingTraits: trait.going,
      pageSizes: givenSizes(
        facts.hugePages,
        readNovaConfig(facts, (path) => options.changes.text(path)),
        pools.changing,
      ),
    },
  };
}

// ---- undo

function undo(args: PageSizePolicyArgs, facts: HostFacts): ReturnType<Kind<PageSizePolicyArgs>["undo"]> {
  const record = facts.journal.objects.get(name);
  if (!record) return { plan: { steps: [], warnings: [] }, problems: [] };
  const pools = planPools(facts, [], "unit", record.pages);
  const trait = planTrait(undefined, facts, readNovaConfig(facts), record.pages, false);
  const options = planOptions(facts, name, record, []);
  const folders = planFolders(facts, [], record.pages);
  const steps = planConfigurationChange({
    facts,
    object: name,
    owner: undefined,
    options,
    beside: bothBeside(bothBeside(pools, trait.beside), folders),
    afterwards: { steps: trait.afterwards, details: {} },
    activate: { healthTimeoutSeconds: args.healthTimeoutSeconds },
  });
  const problems = pageUndoRefusals(args, facts, record.pages);
  return { plan: { steps, warnings: [...options.left, ...pools.left, ...trait.left] }, problems };
}

const name = "PageSizePolicy";

export const pageSizePolicy: Kind<PageSizePolicyArgs> = {
  name,
  inputNames: ["allowed", "pools", "atBoot", "enforceBy", "trait", "traitBy", "activation", "healthTimeoutSeconds"],
  hasRecord: true,
  check,
  evaluate,
  undo,
};
