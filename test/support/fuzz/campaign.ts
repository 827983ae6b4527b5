import { type AnyTarget, mostBatches, type Oracle, startReader, tryCases } from "./target";

/** What to try, and for how long. */
export interface Choice {
  targets: AnyTarget[];
  /** The first one; as many as there is time for follow. */
  seed: number;
  minutes: number;
}

/** How far one target is. */
interface Progress {
  cases: number;
  rounds: number;
  failed: boolean;
  /** Kinds of cases that must occur and have not. */
  missing: string[];
}

/**
 * Tries all targets with one seed after the other, and on beyond the time where a kind of case that must occur has not.
 * True if no case failed, and none of those kinds is missing in the end.
 */
export async function tryTargets({ targets, seed, minutes }: Choice, log = console.log): Promise<boolean> {
  const until = Date.now() + minutes * 60_000;
  const readers = new Map<AnyTarget, Oracle>();
  const all = new Map<AnyTarget, Progress>(
    targets.map((target) => [target, { cases: 0, rounds: 0, failed: false, missing: [...(target.mustSee ?? [])] }]),
  );
  const goesOn = ({ rounds, failed, missing }: Progress) =>
    !failed && (rounds === 0 || Date.now() < until || (missing.length > 0 && rounds < mostBatches));
  try {
    for (let round = seed; [...all.values()].some(goesOn); round++) {
      for (const [target, progress] of all) {
        if (!goesOn(progress)) continue;
        const reader = readers.get(target) ?? (await startReader(target));
        readers.set(target, reader);
        const outcome = await tryCases(target, reader, round, target.runs.sample);
        progress.cases += outcome.cases;
        progress.rounds += 1;
        progress.missing = progress.missing.filter((kind) => outcome.missing.includes(kind));
        if (outcome.failure === undefined) continue;
        progress.failed = true;
        log(`\n${outcome.failure}\n`);
      }
    }
  } finally {
    for (const reader of readers.values()) await reader.stop();
  }
  for (const [target, { cases, failed, missing }] of all) {
    const never = missing.length > 0 ? `, NONE with ${missing.join(", ")}` : "";
    const result = `${failed ? "FAILED" : "0 differences"}${never}`;
    log(`${target.name.padEnd(20)}${String(cases).padStart(9)} cases, ${result}`);
  }
  const ended = [...all.values()];
  const total = ended.reduce((sum, { cases }) => sum + cases, 0);
  const bad = ended.filter(({ failed, missing }) => failed || missing.length > 0).length;
  log(`\n${total} cases from seed ${seed} on, ${bad} of ${targets.length} targets failed`);
  return bad === 0;
}
