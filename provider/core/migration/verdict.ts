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
  const found = using.flatMap((rule) => {
    const finding = rule.judge(from, to, guest);
    return finding ? [{ ...finding, rule: rule.name }] : [];
  });
  const of = (outcome: Finding["outcome"]) => found.filter((each) => each.outcome === outcome);
  const weightiest = byWeight.find((outcome) => of(outcome).length > 0);
  const said = of(weightiest ?? "remark");
  return {
    outcome: weightiest ?? "works",
    reasons: said.map(({ reason }) => reason),
    rules: said.map(({ rule }) => rule),
  };
}
