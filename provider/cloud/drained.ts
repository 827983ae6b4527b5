import type { HostFacts } from "../core/facts/hostFacts";
import type { CloudRecord } from "../core/facts/journal";
import type { Problem } from "../core/inputs/problem";
import { nameGuests } from "../core/kinds/guestHazards";
import { novaHostName } from "../core/novaConfig";
import { drainReason } from "../core/openstack/rules/drain";
import type { ApplyOptions } from "../core/plan/apply";
import type { Plan } from "../core/plan/step";
import { refusal } from "../resource";
import { type InCloud, leftDrained, remember, restartsNova } from "./inCloud";

type Drained = NonNullable<CloudRecord["drained"]>;

/**
 * Runs an apply with its host drained, where that is declared and the apply restarts nova-compute. Whatever comes of it, the
 * service is enabled again; where not even that can be done, the host remembers it, and the next run does it.
 *
 * @param plan what the apply would do; may throw, and nothing was done then.
 */
export async function whileDrained<Result>(
  there: InCloud,
  plan: (facts: HostFacts) => Plan,
  options: Omit<ApplyOptions, "tail">,
  apply: () => Promise<Result>,
): Promise<Result> {
  const { declared, args } = there;
  const { session, log } = declared;
  const facts = await session.facts();
  const mustDrain = args.drain !== undefined && restartsNova(plan(facts));
  const left = leftDrained(declared, facts);
  if (!mustDrain && !left) return apply();

  const drained = left ?? { host: novaHostName(facts), reason: drainReason(declared.args.owner) };
  let result: Result;
  try {
    if (mustDrain) await drainHost(there, drained, options);
    result = await apply();
  } catch (error) {
    await enable(there, drained, options).catch((later: unknown) => log(`warning: ${(later as Error).message}`));
    throw error;
  }
  await enable(there, drained, options);
  return result;
}

async function drainHost(
  { declared, cloud, args }: InCloud,
  drained: Drained,
  options: Omit<ApplyOptions, "tail">,
): Promise<void> {
  const { session, log } = declared;
  await session.apply((facts) => ({ steps: remember(facts, { drained }), warnings: [] }), options);
  const mode = args.drain!;
  const timeoutMs = args.drainTimeoutSeconds * 1000;
  const staying = await cloud.drain(drained.host, { mode, reason: drained.reason, timeoutMs }, log);
  if (mode !== "migrate") return;
  if (staying.length > 0) log(`guests that do not run stay: ${staying.map(({ name }) => name).join(", ")}`);
  session.forget();
  const problems = guestsLeft(await session.facts());
  if (problems.length > 0) throw refusal(session.host, problems);
}

/** What Nova does not know cannot be moved by it, and is here all the same. */
function guestsLeft({ guests }: HostFacts): Problem[] {
  const left = guests.filter((guest) => guest.running);
  if (left.length === 0) return [];
  const message = `guests still run here after all that Nova knows of were moved: ${nameGuests(left)}. Move or stop them, or use drain: "disable"`;
  return [{ path: "drain", message }];
}

async function enable(
  { declared, cloud, args }: InCloud,
  { host, reason }: Drained,
  options: Omit<ApplyOptions, "tail">,
): Promise<void> {
  await cloud.undrain(host, reason, args.healthTimeoutSeconds * 1000, declared.log);
  await declared.session.apply((facts) => ({ steps: remember(facts, { drained: undefined }), warnings: [] }), options);
}
