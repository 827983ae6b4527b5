import { setTimeout as sleep } from "node:timers/promises";
import { HostError } from "../errors";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const PAUSE_GROWTH = 1.5;
/** Even "for ever" (dialErrorLimit -1) ends one day: a preview that never returns helps nobody. */
const LONGEST_DIALLING_MS = 30 * 60 * 1000;

/** Pauses before the second, third, … dial, in milliseconds; the same series as `@pulumi/command`. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * PAUSE_GROWTH ** (failures - 1));
}

/**
 * Dials until it works, at most `errorLimit` + 1 times (-1: without a count). Only a host that could not be reached is dialled
 * again: a wrong key stays wrong, and asking again with a wrong password locks accounts.
 */
export async function dialUntilReached<T>(errorLimit: number, dial: () => Promise<T>): Promise<T> {
  const started = Date.now();
  for (let failures = 1; ; failures += 1) {
    try {
      return await dial();
    } catch (error) {
      const again = error instanceof HostError && error.kind === "unreachable";
      const counted = errorLimit >= 0 && failures > errorLimit;
      if (!again || counted || Date.now() - started > LONGEST_DIALLING_MS) throw error;
      await sleep(pauseAfter(failures));
    }
  }
}
