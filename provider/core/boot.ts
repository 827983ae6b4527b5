import { setTimeout as sleep } from "node:timers/promises";
import { HostError, isUnreachable } from "./errors";
import type { HostFacts } from "./facts/hostFacts";
import type { HostSession } from "./session";

/** How long a host that was made in this very run may take until it answers; hardware takes minutes for its self-tests. */
export const bootLimitSeconds = 900;
const pauseSeconds = 5;
/** How often to say that it is still waited for. */
const sayEverySeconds = 60;

/**
 * The facts of a host that may not have booted yet. Waits only for one that cannot be reached: a wrong key or a refused
 * credential does not get better, and asking again locks accounts.
 */
export async function factsOnceBooted(session: HostSession, say: (message: string) => void): Promise<HostFacts> {
  for (let waited = 0; ; waited += pauseSeconds) {
    try {
      return await session.facts();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (waited >= bootLimitSeconds) throw neverBooted(error);
      if (waited % sayEverySeconds === 0)
        say(`waits until it has booted, ${(bootLimitSeconds - waited) / 60} minutes at most: ${error.problem}`);
      await sleep(pauseSeconds * 1000);
      session.forget();
    }
  }
}

function neverBooted(error: HostError): HostError {
  return new HostError(
    error.kind,
    error.host,
    `has not booted within ${bootLimitSeconds / 60} minutes: ${error.problem}`,
    {
      advice: error.advice ?? "Look at its console.",
      cause: error,
    },
  );
}
