import type { HostFacts } from "./facts/hostFacts";
import type { Problem } from "./inputs/problem";
import type { Plan } from "./plan/step";

/** Edits of files that have several names: a file is replaced as a whole, under the one name that we know. */
export function linkProblems(plan: Plan, facts: HostFacts): Problem[] {
  const edited = new Set(plan.steps.flatMap((step) => (step.kind === "edit-file" ? [step.path] : [])));
  return [...edited].flatMap((path) => {
    const links = [...facts.files.values()].find((file) => file.realPath === path)?.links ?? 1;
    if (links === 1) return [];
    const what = `${path} has ${links} names (hard links), and a change would reach this one alone`;
    const advice = `Find the others with find -xdev -samefile, and make this a file of its own: cp -p ${path} ${path}.new && mv ${path}.new ${path}`;
    return [{ path: "", message: `${what}. ${advice}` }];
  });
}
