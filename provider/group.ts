import type { CheckResult } from "./check";
import { Inputs, type Problem } from "./core/inputs/problem";
import { hasUnknown } from "./core/inputs/unknown";
import { classesOf } from "./core/migration/classes";
import { type GroupArgs, readGroup } from "./core/migration/groupInputs";
import { incompatibilities } from "./core/migration/matrix";
import { readable, readableLine } from "./core/readable";
import { type Properties, problemText, refuseNewerState, say, splitInputs, stateVersion } from "./resource";
import { isSame } from "./same";

/** The kind that is about many hosts, and is on none of them. */
export const groupName = "LiveMigrationGroup";

/** How many lines a preview prints of what does not go together; the matrix has all of it. */
const linesShown = 20;

/**
 * Puts the members into classes, and tells what cannot go where. Members are many and their classes few: only these are
 * recorded.
 */
function check(olds: Properties, news: Properties): CheckResult {
  refuseNewerState(olds);
  const { inputs, context } = splitInputs(news);
  const name = String(inputs["owner"] ?? groupName);
  const problems: Problem[] = [];
  if (hasUnknown(inputs)) {
    if (context.preview) say(name, "planned once all members are known");
    return { inputs: { ...without(inputs), stateVersion }, failures: [] };
  }
  const args = readGroup(new Inputs(inputs, "", problems));
  if (problems.length > 0) return { inputs, failures: problems.map(failure) };
  const classes = classesOf(args.members);
  const lines = incompatibilities(classes, args.guests).map(readableLine);
  if (args.onIncompatible === "fail" && lines.length > 0) return { inputs, failures: refusals(lines, args) };
  if (context.preview) {
    for (const line of lines.slice(0, linesShown)) say(name, `warning: ${line}`);
    if (lines.length > linesShown)
      say(name, `warning: and ${lines.length - linesShown} more; markdown() and html() of the group have all of them`);
  }
  return { inputs: { ...without(inputs), classes, stateVersion }, failures: [] };
}

function without({ members: _members, ...inputs }: Properties): Properties {
  return inputs;
}

function refusals(lines: readonly string[], { guests }: GroupArgs): CheckResult["failures"] {
  const choice = guests === undefined ? ", name in guests the kinds that must be able to move" : "";
  const advice = `Make the hosts alike${choice}, or set onIncompatible to "warn"`;
  const more = lines.length > linesShown ? [`and ${lines.length - linesShown} more`] : [];
  const reasons = [...lines.slice(0, linesShown), ...more, advice];
  return [{ property: "", reason: readable(`members: ${reasons.join("\n  ")}`) }];
}

/** Members are not told to the engine by name: it prints the value of a property that fails, and these are many. */
function failure(problem: Problem): CheckResult["failures"][number] {
  return { property: "", reason: readable(problemText(problem)) };
}

function recorded({ classes, guests, onIncompatible }: Properties): Properties {
  return { classes, guests, onIncompatible: onIncompatible ?? "warn" };
}

/** The methods of a provider, for a resource that lives in the state alone. */
export const group = {
  check,
  diff: (_id: string, olds: Properties, news: Properties) => {
    refuseNewerState(olds);
    return { changes: hasUnknown(news) || !isSame(recorded(olds), recorded(splitInputs(news).inputs)) };
  },
  create: (news: Properties) => {
    const { inputs } = splitInputs(news);
    return { id: `${groupName}/${String(inputs["owner"])}`, outs: inputs };
  },
  read: (id: string, properties: Properties) => {
    refuseNewerState(properties);
    return { id, props: splitInputs(properties).inputs };
  },
  update: (_id: string, _olds: Properties, news: Properties) => ({ outs: splitInputs(news).inputs }),
  delete: () => ({}),
};
