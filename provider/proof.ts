import { setTimeout as sleep } from "node:timers/promises";
import { HostError } from "./core/errors";
import type { HostFacts } from "./core/facts/hostFacts";
import { planLines } from "./core/plan/step";
import { type Declared, evaluate, type Properties, problemText } from "./resource";

const pauseMs = 1000;

/**
 * Facts from after an apply, which prove that the host is as declared. Nobody holds the lock while they are read: another
 * apply that waited for it may be half-way, and is waited for as long as for the lock.
 *
 * @param holder by what name our own apply held the host's lock.
 */
export async function proveDeclared(declared: Declared, recorded: Properties, holder: string): Promise<HostFacts> {
  const { session, args, log } = declared;
  const until = Date.now() + args.lockTimeoutSeconds * 1000;
  for (let isSettled = false, isSaid = false; ; session.forget()) {
    const facts = await session.facts();
    const wrong = notAsDeclared(declared, facts, recorded);
    if (wrong === undefined) return facts;
    const { running } = facts.journal;
    const other = facts.journal.holder === holder ? undefined : facts.journal.holder;
    // What was read while another apply was at it is read once more after that.
    if (running.length === 0 && (isSettled || other === undefined)) throw unproven(session.host, wrong, other);
    if (Date.now() > until) throw heldByOther(session.host, wrong, other);
    isSettled = running.length === 0;
    if (isSettled) continue;
    if (!isSaid) log(`waits for the apply of ${other ?? "somebody"}, to see that its own is in force`);
    isSaid = true;
    await sleep(pauseMs);
  }
}

/** What a host still lacks, undefined for nothing. */
function notAsDeclared(declared: Declared, facts: HostFacts, recorded: Properties): string | undefined {
  const { problems, plan } = evaluate(declared, facts, recorded);
  if (problems.length > 0) return problems.map(problemText).join("; ");
  const left = planLines(plan);
  return left.length > 0 ? `still to do: ${left.join("; ")}` : undefined;
}

function unproven(host: string, wrong: string, other: string | undefined): HostError {
  if (other !== undefined) {
    return new HostError("moved", host, `another apply changed this host right after this one: ${other}; ${wrong}`, {
      advice: "Two programs, or two runs of one, declare different things of this host: keep one of them.",
    });
  }
  return new HostError("failed", host, `is not as declared right after the apply; ${wrong}`, {
    advice: "Somebody else seems to manage the same settings on this host.",
  });
}

function heldByOther(host: string, wrong: string, other: string | undefined): HostError {
  return new HostError("busy", host, `another apply holds this host: ${other ?? "unknown holder"}; ${wrong}`, {
    advice: "This one was applied. Wait for the other one to end, and run the same command again.",
  });
}
