import { classesOf, describeGuest, describeTraits } from "./classes";
import { folded, unfolded } from "./hostNames";
import type { GuestKind, HostTraits, MigrationProfile, PmemOffer } from "./traits";
import { runningVerdict } from "./verdict";

/** A guest that runs, as far as memory decides where it can go. */
export interface RunningGuest {
  /** libvirt's name of it, such as instance-0000001a. */
  name: string;
  /** Undefined for a guest that is not Nova's. */
  nova: { id: string; name: string } | undefined;
  memoryKib: number;
  /** Its memory is in files now, whatever its host has for guests that start. */
  fileBacked: boolean;
  /** Its devices of persistent memory, under each label that they can be of. */
  pmem: PmemOffer[];
  /**
   * What it is, in the kinds that say so together. Several where its definition does not tell, which is so of page sizes and
   * labels where Nova does not write down what the flavor says; none where it cannot even be guessed.
   */
  readings: GuestKind[][];
  /** By SEV. */
  isEncrypted: boolean;
  /** What libvirt is at with it at this moment. */
  job: string | undefined;
}

/** A host, as it is now, and what runs on it. */
export interface RunningHost {
  profile: MigrationProfile;
  guests: RunningGuest[];
}

/** What comes of one guest, told once for all hosts where it is the same. */
export interface GuestPassage {
  /** Those that differ by a number alone as one range, `compute-[1-250]`. */
  hosts: string[];
  /** `unknown`: it hangs on what its definition does not tell. */
  outcome: "works" | "refused" | "breaks" | "unknown";
  /** Why; empty where nothing is to be said. */
  reason: string;
}

/** Where one guest can go. */
export interface GuestPreflight {
  guest: string;
  nova: { id: string; name: string } | undefined;
  memoryMb: number;
  /** What it is, as far as its definition tells. */
  is: string;
  job: string | undefined;
  to: GuestPassage[];
}

/** Where the guests of one host can go. */
export interface Preflight {
  host: string;
  /** What the host is, in a line. */
  is: string;
  guests: GuestPreflight[];
}

/** @param others hosts to go to; the guests' own host does not count, if it is among them. */
export function preflightOf({ profile, guests }: RunningHost, others: readonly MigrationProfile[]): Preflight {
  const destinations = classesOf(others.filter(({ host }) => host !== profile.host)).map(({ traits, hosts }) => ({
    traits,
    hosts: unfolded(hosts),
  }));
  return {
    host: profile.host,
    is: describeTraits(profile),
    guests: guests.map((guest) => ({
      guest: guest.name,
      nova: guest.nova,
      memoryMb: Math.round(guest.memoryKib / 1024),
      is: describeRunning(guest),
      job: guest.job,
      to: alike(destinations.map(({ traits, hosts }) => ({ hosts, ...passage(profile, traits, guest) }))),
    })),
  };
}

/** True for a guest that can go to one of the hosts at least. */
export function canGo({ to }: GuestPreflight): boolean {
  return to.some(({ outcome }) => outcome === "works");
}

function passage(profile: MigrationProfile, to: HostTraits, guest: RunningGuest): Omit<GuestPassage, "hosts"> {
  const refusal = refusalOf(guest);
  if (refusal !== undefined) return { outcome: "refused", reason: refusal };
  const from = { ...profile, fileBacked: guest.fileBacked, pmem: guest.pmem };
  const said = guest.readings.map((kinds) => ({ kinds, ...runningVerdict(from, to, kinds) }));
  const [first, ...more] = said;
  if (!first)
    return { outcome: "unknown", reason: "its label of persistent memory is in no configuration of its host any more" };
  const outcome = first.outcome as Exclude<typeof first.outcome, "impossible">;
  if (more.every((each) => each.outcome === outcome))
    return { outcome, reason: [...new Set(said.flatMap(({ reasons }) => reasons))].join("; ") };
  const cases = said.map(
    ({ kinds, outcome, reasons }) =>
      `${outcome} for a guest ${kinds.map(describeGuest).join(", ")}${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}`,
  );
  return { outcome: "unknown", reason: `Nova does not write down there what its flavor says: ${cases.join("; ")}` };
}

/** What keeps a guest where it is, wherever it should go. */
function refusalOf({ nova, isEncrypted }: RunningGuest): string | undefined {
  if (nova === undefined) return "it is not Nova's: libvirt alone knows it";
  // nova/compute/api.py, reject_sev_instances.
  if (isEncrypted) return "its memory is encrypted (SEV), and Nova migrates no such guest live";
  return undefined;
}

/** Passages that are the same but for the hosts, as one. Those that work come first. */
function alike(passages: readonly GuestPassage[]): GuestPassage[] {
  const byWords = new Map<string, GuestPassage>();
  for (const { hosts, outcome, reason } of passages) {
    const key = JSON.stringify([outcome, reason]);
    byWords.set(key, { hosts: [...(byWords.get(key)?.hosts ?? []), ...hosts], outcome, reason });
  }
  const order = ["works", "refused", "breaks", "unknown"];
  const place = ({ outcome, hosts }: GuestPassage) => `${order.indexOf(outcome)} ${hosts[0]}`;
  const all = [...byWords.values()].map((each) => ({ ...each, hosts: folded(each.hosts) }));
  return all.sort((one, other) => (place(one) < place(other) ? -1 : 1));
}

/** What is sure of it. */
function describeRunning({ fileBacked, readings }: RunningGuest): string {
  const [first = [], ...more] = readings.map((kinds) => kinds.map(describeGuest));
  const sure = first.filter((each) => more.every((others) => others.includes(each)));
  return [fileBacked ? "memory in files" : "memory in RAM", ...sure].join(", ");
}
