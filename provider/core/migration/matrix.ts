import { describeGuest, describeTraits, guestsOf, type MigrationClass } from "./classes";
import type { GuestKind, GuestName, Outcome } from "./traits";
import { type Verdict, verdict } from "./verdict";

/** One verdict, of guests of one kind that go from one class of hosts to another (or to another host of their own). */
export interface Passage {
  guests: GuestKind;
  from: string;
  to: string;
  outcome: Outcome;
  /** Why, as text; empty where nothing is to be said. */
  reason: string;
}

/** Every verdict: for each kind of guest, from each class to each. */
export function passages(classes: readonly MigrationClass[]): Passage[] {
  return guestsOf(classes).flatMap((guests) =>
    classes.flatMap((from) =>
      classes
        .filter((to) => to !== from || from.count > 1)
        .map((to) => asPassage(guests, from, to, verdict(from.traits, to.traits, guests))),
    ),
  );
}

function asPassage(guests: GuestKind, from: MigrationClass, to: MigrationClass, said: Verdict): Passage {
  return { guests, from: from.name, to: to.name, outcome: said.outcome, reason: said.reasons.join("; ") };
}

/**
 * What the hosts' differences keep from working: guests of a kind that could go to a host like their own and cannot go to
 * another one; and guests that break anywhere. A line for each class and reason.
 *
 * @param chosen kinds of guests that count; all of them if undefined.
 */
export function incompatibilities(classes: readonly MigrationClass[], chosen?: readonly GuestName[]): string[] {
  const faults = guestsOf(classes)
    .filter(({ kind }) => chosen === undefined || chosen.includes(kind))
    .flatMap((guests) => classes.flatMap((from) => faultsOf(guests, from, classes)));
  const lines = new Map<string, string[]>();
  for (const { guests, says } of faults) lines.set(says, [...(lines.get(says) ?? []), guests]);
  return [...lines].map(([says, guests]) => `guests ${guests.join(", ")} ${says}`);
}

/** What comes of guests of one kind that leave one class, told once for all classes where it is the same. */
function faultsOf(
  guests: GuestKind,
  from: MigrationClass,
  classes: readonly MigrationClass[],
): { guests: string; says: string }[] {
  const among = verdict(from.traits, from.traits, guests);
  const found = new Map<string, { verb: string; reason: string; to: string[] }>();
  for (const to of classes) {
    const { outcome, reasons } = to === from ? among : verdict(from.traits, to.traits, guests);
    if (to === from && from.count === 1) continue;
    // What Nova refuses between hosts that are alike, too, is no fault of theirs.
    if (outcome !== "breaks" && !(outcome === "refused" && among.outcome === "works")) continue;
    const verb = outcome === "refused" ? "cannot go" : "break on the way";
    const fault = { verb, reason: reasons.join("; ") };
    const key = JSON.stringify(fault);
    found.set(key, { ...fault, to: [...(found.get(key)?.to ?? []), to.name] });
  }
  return [...found.values()].map(({ verb, reason, to }) => ({
    guests: describeGuest(guests),
    says: `${verb} from ${from.name} to ${to.join(", ")}: ${reason}`,
  }));
}

/** What a report shows, before it is Markdown or HTML. */
export interface Report {
  classes: { name: string; count: number; hosts: string; traits: string }[];
  tables: { guests: string; rows: { from: string; cells: Cell[] }[] }[];
  /** Reasons, by their number less one. */
  notes: string[];
}

export interface Cell {
  to: string;
  /** Undefined where there is no second host to go to. */
  outcome: Outcome | undefined;
  /** Number of the reason. */
  note: number | undefined;
}

export function reportOf(classes: readonly MigrationClass[]): Report {
  const notes: string[] = [];
  const numberOf = (reason: string): number | undefined => {
    if (reason === "") return undefined;
    if (!notes.includes(reason)) notes.push(reason);
    return notes.indexOf(reason) + 1;
  };
  const all = passages(classes);
  const tables = guestsOf(classes).map((guests) => {
    const kind = JSON.stringify(guests);
    const mine = all.filter((each) => JSON.stringify(each.guests) === kind);
    const rows = classes.map((from) => ({
      from: from.name,
      cells: classes.map((to): Cell => {
        const found = mine.find((each) => each.from === from.name && each.to === to.name);
        return { to: to.name, outcome: found?.outcome, note: numberOf(found?.reason ?? "") };
      }),
    }));
    return { guests: describeGuest(guests), rows };
  });
  return {
    classes: classes.map(({ name, count, hosts, traits }) => ({
      name,
      count,
      hosts: hosts.join(", "),
      traits: describeTraits(traits),
    })),
    tables,
    notes,
  };
}
