import { fileBackedRules } from "./rules/fileBacked";
import { pageRules } from "./rules/pages";
import { pmemRules } from "./rules/pmem";
import { shareRules } from "./rules/shares";
import { versionRules } from "./rules/versions";
import type { Finding, GuestKind, HostTraits, Outcome, Rule } from "./traits";

/** Every cause of a verdict. */
export const rules: readonly Rule[] = [...versionRules, ...fileBackedRules, ...pageRules, ...pmemRules, ...shareRules];

/** What comes of a guest's live migration from one host to another, and why. */
export interface Verdict {
  outcome: Outcome;
  /** Each in a sentence without an end; for a guest that arrives well, what is different there. */
  reasons: string[];
  /** Names of the rules that gave the reasons. */
  rules: string[];
}

/** What counts most comes first: a guest that is not there is not refused, and where Nova refuses nothing can break. */
const byWeight = ["impossible", "refused", "breaks"] as const;

export function verdict(from: HostTraits, to: HostTraits, guest: GuestKind, using = rules): Verdict {
  return weighed(findings(from, to, guest, using));
}

/**
 * The same of a guest that is there, and that several kinds describe at once. That there can be no such guest is then not
 * true, or not true any more.
 */
export function runningVerdict(from: HostTraits, to: HostTraits, kinds: readonly GuestKind[]): Verdict {
  const found = kinds.flatMap((kind) => findings(from, to, kind, rules));
  return weighed(found.filter(({ outcome }) => outcome !== "impossible"));
}

type Found = Finding & { rule: string };

function findings(from: HostTraits, to: HostTraits, guest: GuestKind, using: readonly Rule[]): Found[] {
  return using.flatMap((rule) => {
    const finding = rule.judge(from, to, guest);
    return finding ? [{ ...finding, rule: rule.name }] : [];
  });
}

function weighed(found: readonly Found[]): Verdict {
  const of = (outcome: Finding["outcome"]) => found.filter((each) => each.outcome === outcome);
  const weightiest = byWeight.find((outcome) => of(outcome).length > 0);
  const said = of(weightiest ?? "remark");
  return {
    outcome: weightiest ?? "works",
    reasons: [...new Set(said.map(({ reason }) => reason))],
    rules: [...new Set(said.map(({ rule }) => rule))],
  };
}
