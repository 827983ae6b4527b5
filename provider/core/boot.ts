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
  const began = Date.now();
  for (let nextSaid = 0; ; ) {
    try {
      return await session.facts();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      // A try itself takes a minute where packets are dropped.
      const waited = (Date.now() - began) / 1000;
      if (waited >= bootLimitSeconds) throw neverBooted(error);
      if (waited >= nextSaid) {
        nextSaid = waited + sayEverySeconds;
        const minutes = Math.ceil((bootLimitSeconds - waited) / 60);
        say(`waits until it has booted, ${minutes} minutes at most: ${error.problem}`);
      }
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
