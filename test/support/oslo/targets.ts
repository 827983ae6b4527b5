import assert from "node:assert/strict";
import { type AnyTarget, target } from "../fuzz/target";
import { classesOfHost, hostClasses } from "./classes";
import { compare } from "./compare";
import { conversions, converted } from "./conversions";
import { addsExactly, editings, editsExactly } from "./editing";
import { osloVersions } from "./environment";
import { host } from "./generate";
import { type OsloConversion, OsloOracle, type OsloRequest, type OsloValue } from "./oracle";

/** What is true of nova.conf, with the oslo.config of each version as the judge. */
export const osloTargets: AnyTarget[] = osloVersions.flatMap((version) => [
  target({
    name: `oslo-read-${version}`,
    says: `oslo.config ${version} reads any host's files, arguments and environment as we do, and refuses the same`,
    cases: host,
    start: () => OsloOracle.start(version),
    holds: async (request: OsloRequest, oslo: OsloOracle, saw) => {
      const answer = await oslo.ask(request);
      compare(request, answer);
      saw(...classesOfHost(request, answer));
    },
    mustSee: hostClasses,
    runs: { sample: 600, full: 5_000 },
  }),
  target({
    name: `oslo-edit-${version}`,
    says: `oslo.config ${version} reads the wanted value after an edit and all else as before, and undo gives the former bytes`,
    cases: editings,
    start: () => OsloOracle.start(version),
    holds: editsExactly,
    mustSee: ["line added", "line replaced", "section added", "line ending added", "foreign edit"],
    runs: { sample: 600, full: 5_000 },
  }),
  target({
    name: `oslo-entries-${version}`,
    says: `oslo.config ${version} has entries that we add behind all others of an option, and undo gives the former bytes`,
    cases: editings,
    start: () => OsloOracle.start(version),
    holds: addsExactly,
    mustSee: ["beside others", "alone", "section added", "foreign edit"],
    runs: { sample: 300, full: 5_000 },
  }),
  target({
    name: `oslo-values-${version}`,
    says: `oslo.config ${version} makes the same of an option's text as we do`,
    cases: conversions,
    start: () => OsloOracle.start(version),
    holds: async (conversion: OsloConversion, oslo: OsloOracle, saw) => {
      const theirs = numbersAsOurs(await oslo.convert(conversion), conversion.type);
      const ours = converted(conversion);
      saw(`${conversion.type} ${"error" in theirs ? "refused" : "read"}`);
      if ("error" in theirs) assert.ok("error" in ours, `${JSON.stringify(ours)}, oslo.config: ${theirs.message}`);
      else assert.deepEqual(ours, theirs);
    },
    mustSee: ["integer", "float", "dictionary"].flatMap((type) => [`${type} read`, `${type} refused`]),
    runs: { sample: 600, full: 10_000 },
  }),
]);

/** Python and JavaScript print the same float differently: `1e+30` and `inf`. */
function numbersAsOurs(answer: OsloValue, type: OsloConversion["type"]): OsloValue {
  if (type !== "float" || !("value" in answer) || answer.value === null) return answer;
  const text = String(answer.value).replace("inf", "Infinity");
  return { value: String(Number(text) === 0 ? 0 : Number(text)) };
}
