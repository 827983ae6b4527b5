import * as fc from "fast-check";

/** Something that answers what the real reader makes of a text, while a run lasts. */
export interface Oracle {
  stop(): Promise<void>;
}

/** Notes which kinds of cases occurred. */
export type Saw = (...kinds: string[]) => void;

/** A statement about the product that holds for every case, and where the cases come from. */
export interface Target<Case, Reader extends Oracle = Oracle> {
  /** For `--only`, and in the table of trials. */
  name: string;
  /** The statement, as the name of a test. */
  says: string;
  cases: fc.Arbitrary<Case>;
  /** Starts the real reader that is asked; none for a statement about our code alone. */
  start?: () => Promise<Reader>;
  /** Throws for a case that the statement does not hold for. */
  holds: (value: Case, reader: Reader, saw: Saw) => void | Promise<void>;
  /** What the cases of a run must have contained, or the run proves nothing about it. */
  mustSee?: readonly string[];
  /** How many cases a run of the tests tries, and the fuzzer with each seed: a second's worth. And a full run. */
  runs: { sample: number; full: number };
}

/** How many times as many cases are tried until each kind that must occur has occurred. */
export const mostBatches = 20;

/** A target whose kinds of cases and readers no longer matter, for lists. */
export type AnyTarget = Target<unknown, Oracle>;

/** Checks the types that belong together, then forgets them. */
export function target<Case, Reader extends Oracle = Oracle>(spec: Target<Case, Reader>): AnyTarget {
  return spec as unknown as AnyTarget;
}

/** What a run found out. */
export interface Outcome {
  cases: number;
  /** Everything that is needed to repeat the smallest failing case; undefined for none. */
  failure: string | undefined;
  /** Kinds that never occurred. */
  missing: string[];
}

const noReader: Oracle = { stop: async () => {} };

export function startReader(target: AnyTarget): Promise<Oracle> {
  return target.start?.() ?? Promise.resolve(noReader);
}

/** Tries a target on the cases that a seed gives, and makes the first failing one as small as it can be. */
export async function tryCases(target: AnyTarget, reader: Oracle, seed: number, numRuns: number): Promise<Outcome> {
  const seen = new Set<string>();
  const property = fc.asyncProperty(target.cases, async (value) => {
    await target.holds(value, reader, (...kinds) => {
      for (const kind of kinds) seen.add(kind);
    });
  });
  const details = await fc.check(property, { seed, numRuns });
  return {
    cases: details.numRuns,
    failure: details.failed ? describe(target, details) : undefined,
    missing: (target.mustSee ?? []).filter((kind) => !seen.has(kind)),
  };
}

function describe(target: AnyTarget, details: fc.RunDetails<[unknown]>): string {
  const error = details.errorInstance;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // What is behind the statement itself is the way here.
  const where = stack.split(/\n {4}at [^\n]*(?:process\.|fuzz\/target\.|fast-check)/)[0]!;
  return [
    `${target.name}: not so: ${target.says}`,
    `  smallest case (after ${details.numShrinks} steps): ${fc.stringify(details.counterexample?.[0])}`,
    `  ${where.replaceAll("\n", "\n  ")}`,
    `  again: npm run fuzz -- --only ${target.name} --seed ${details.seed}`,
  ].join("\n");
}
