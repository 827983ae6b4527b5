import type { Guest } from "../core/facts/guests";
import type { HostFacts } from "../core/facts/hostFacts";
import { nameGuests } from "../core/kinds/guestHazards";
import { CloudError } from "../core/openstack/errors";
import type { ApplyOptions } from "../core/plan/apply";
import type { ApplyReport } from "../core/plan/applyLog";
import type { ActivateStep, Plan } from "../core/plan/step";
import { planTakeBack } from "../core/plan/takeBack";
import type { InCloud } from "./inCloud";
import { restorePlacement, verifyPlacement } from "./placement";

/** An apply that has succeeded on its host. */
export interface Applied {
  /** Undefined where there was nothing to do. */
  report: ApplyReport | undefined;
  plan: Plan;
  /** From before it. */
  before: HostFacts;
}

/**
 * Waits until placement says what nova-compute must report. Where it says otherwise to the end, a restart is no success
 * whatever Nova's log says: the scheduler would count on memory that the host does not have. The change is taken back then.
 *
 * @param facts from after the apply.
 * @param onReturned gets the report of the apply as what it has come to, once nothing of it is left.
 */
export async function verifiedOrTakenBack(
  there: InCloud,
  facts: HostFacts,
  applied: Applied,
  options: Omit<ApplyOptions, "tail">,
  onReturned: (report: ApplyReport) => void,
): Promise<void> {
  try {
    await verifyPlacement(there, facts);
  } catch (error) {
    const activation = applied.plan.steps.find((step) => step.kind === "activate");
    if (!(error instanceof CloudError) || error.kind !== "late" || !activation) throw error;
    const outcome = await takeBack(there, activation, applied, options);
    if (outcome === undefined && applied.report) onReturned({ ...applied.report, status: "rolled-back" });
    const now = outcome ?? "the change was taken back and the services run as before";
    throw new CloudError("late", error.cloud, `${error.problem}; ${now}`, error.advice, { cause: error });
  }
}

/** @returns why the host is not as it was; undefined if it is. */
async function takeBack(
  { declared }: InCloud,
  activation: ActivateStep,
  { before }: Applied,
  options: Omit<ApplyOptions, "tail">,
): Promise<string | undefined> {
  const { session, log } = declared;
  log("placement does not say what it must; takes the change back");
  session.forget();
  const started = startedSince(before, await session.facts());
  if (started.length > 0) return `the change stays, as guests were started meanwhile: ${nameGuests(started)}`;
  try {
    await session.apply((facts) => planTakeBack(facts, activation), options);
  } catch (error) {
    return `the change could not be taken back: ${(error as Error).message}`;
  }
  await restorePlacement(declared, options);
  return undefined;
}

/** Guests that were started with the new settings would be worse off with the former ones. */
function startedSince(before: HostFacts, { guests }: HostFacts): Guest[] {
  const old = new Set(before.guests.filter(({ running }) => running).map(({ name }) => name));
  return guests.filter(({ name, running }) => running && !old.has(name));
}
