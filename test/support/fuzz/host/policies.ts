import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { HostError } from "../../../../provider/core/errors";
import type { HostFacts } from "../../../../provider/core/facts/hostFacts";
import { parseHugePages } from "../../../../provider/core/facts/hugePages";
import { Sections } from "../../../../provider/core/facts/sections";
import { kinds } from "../../../../provider/core/kinds";
import { parseReservation } from "../../../../provider/core/kinds/pageReservations";
import { compile } from "../../../../provider/core/plan/compile";
import { planLines, type Step } from "../../../../provider/core/plan/step";
import { type FactFixture, readFixtures } from "../../facts/fixture";
import { DescribedHost } from "../../plans/describedHost";
import { readArgs } from "../../plans/planCase";
import { type AnyTarget, target } from "../target";
import { damaged } from "../texts";
import { nonce, section } from "./output";

const kind = kinds.get("PageSizePolicy")!;

const pieces = [
  ...["0 2048 8 2\n", "1 1048576 0 0\n", "0 0 4 0\n", "0 3 1 1\n", " ", "\n", "0", "-1", "99999999999999999999", "kB"],
  ...["Node 0 MemTotal:       20146388 kB\n", "Node 1 MemTotal: 5 kB\n", "MemFree:", "65536\n", "[always]", "pse\n"],
  ...["mount /a\n", "file /a/b\n", "88 2048 python3\n", "hugepagesz=2M\n", "hugepages=0:4\n"],
];

type Texts = Record<string, string>;

/** What real hosts print of their pages, some of it damaged. */
const answers: fc.Arbitrary<Texts> = fc
  .constantFrom(...readFixtures<FactFixture>("facts", "hugePages").map(({ content }) => content.sections))
  .chain((sections) => {
    const text = (lines: readonly string[]) => {
      const whole = fc.constant(lines.join("\n"));
      return fc.oneof({ weight: 2, arbitrary: whole }, { weight: 1, arbitrary: damaged(whole, pieces, 3) });
    };
    return fc.record(Object.fromEntries(sections.map(({ name, lines }) => [name, text(lines)])));
  });

const size = fc.constantFrom<string | number>("2 MiB", 1048576, 2048);
const policies = fc.record(
  {
    allowed: fc.constantFrom<unknown>("any", "small", "large", ["small", "2 MiB"], 1048576, "64 KiB"),
    pools: fc.array(
      fc.record(
        { size, count: fc.constantFrom(0, 1, 4, 2 ** 30), node: fc.nat({ max: 1 }) },
        { requiredKeys: ["size", "count"] },
      ),
      { maxLength: 2 },
    ),
    enforceBy: fc.constantFrom("reservation", "empty-pools"),
  },
  { requiredKeys: [] },
);

/** Entries of reserved_huge_pages that steps write. */
function entriesIn(steps: readonly Step[]): string[] {
  const inserted = steps.flatMap((step) => (step.kind === "edit-file" ? step.splices.map(({ insert }) => insert) : []));
  return [...inserted.join("").matchAll(/^reserved_huge_pages = (.*)$/gm)].map(([, entry]) => entry!);
}

/** A host of Nova's that prints this of its pages; undefined where that is refused as it should be. */
function factsOf(texts: Texts): HostFacts | undefined {
  const output = Object.entries({ ...texts, end: "" }).map(([name, text]) => section(name, text));
  try {
    const hugePages = parseHugePages(Sections.parse("host", nonce, output.join("")));
    return { ...new DescribedHost({}).facts(), hugePages };
  } catch (error) {
    assert.ok(error instanceof HostError, error as Error);
    return undefined;
  }
}

/** What is true of a policy of page sizes, whatever a host says of its pages. */
export const policyTargets: AnyTarget[] = [
  target({
    name: "policies",
    says: "whatever a host prints of its pages, a policy is refused in plain words, or its plan has nothing but numbers in it",
    cases: fc.record({ texts: answers, declare: policies }),
    holds: ({ texts, declare }: { texts: Texts; declare: object }, _, saw) => {
      const facts = factsOf(texts);
      if (!facts) return saw("unexpected");
      const args = readArgs(kind, { ...declare });
      const { problems, plan, computed } = kind.evaluate(args, facts, { recorded: undefined, planned: [] });
      const said = [...problems.map(({ message }) => message), ...planLines(plan), ...plan.warnings];
      for (const text of [...said, JSON.stringify(computed)])
        assert.doesNotMatch(text, /NaN|undefined|Infinity|\de[+-]?\d|\[object|null,null/, text);
      if (problems.length > 0) return saw("refused");
      const names = { id: "0011223344556677", nonce, holder: "p/s/r", lockTimeoutSeconds: 5 };
      assert.doesNotMatch(compile(plan, names).split("begun").at(-1)!, /NaN|Infinity|undefined/);
      for (const entry of entriesIn(plan.steps)) {
        const { node, sizeKib, count } = parseReservation(entry) ?? {};
        for (const number of [node, sizeKib, count]) assert.ok(Number.isSafeInteger(number), entry);
        saw("reservation");
      }
      if (plan.steps.some((step) => step.kind === "call" && step.call === "set_pools")) saw("pools");
      saw(plan.steps.length > 0 ? "planned" : "nothing to do");
    },
    mustSee: ["unexpected", "refused", "reservation", "pools", "planned"],
    runs: { sample: 300, full: 5_000 },
  }),
];
