import { strict as assert } from "node:assert";
import { resolve } from "node:path";
import * as fc from "fast-check";
import { parseReservation } from "../../../provider/core/kinds/pageReservations";
import { planTrait, type Trait, traitProblems } from "../../../provider/core/kinds/pageTrait";
import { readNovaConfig } from "../../../provider/core/novaConfig";
import { type AnyTarget, target } from "../fuzz/target";
import { bytes, damaged, odd } from "../fuzz/texts";
import { LineProcess } from "../lineProcess";
import { decode } from "../oslo/ours";
import { DescribedHost } from "../plans/describedHost";
import { novaPython, novaVersions } from "./oracle";

type Answer<T> = { value: T } | { error: string };

/** Nova's own readers of one version, asked one text after the other. */
class NovaReaders {
  private constructor(private readonly process: LineProcess) {}

  static async start(version: (typeof novaVersions)[number]): Promise<NovaReaders> {
    const { python, environment } = await novaPython(version);
    const script = resolve(__dirname, "../../../../test/support/novaPages/readers.py");
    return new NovaReaders(LineProcess.start(`Nova ${version}`, [python, script], environment));
  }

  reservation(text: string): Promise<Answer<[node: number, sizeKib: number, count: number][]>> {
    return this.process.ask({ reservation: text });
  }

  /** @param files contents by name: bytes, one character each. */
  providers(files: Record<string, string>): Promise<Answer<Record<string, string[]>>> {
    return this.process.ask({ providers: files });
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

/** Only text that is UTF-8 gets so far: the file as a whole is refused otherwise. */
const oddText = odd.filter((each) => bytes(decode(each)) === each);
const number = fc
  .array(fc.constantFrom(..."0123456789", "+", "-", "_", ".", " ", "00", "1e3", bytes("\u0663"), bytes("\u00a0")), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(""));
const unit = fc.constantFrom(
  "",
  "",
  "B",
  "b",
  "bit",
  "KB",
  "KiB",
  "MB",
  "MiB",
  "Mib",
  "Mbit",
  "GB",
  "GiB",
  "TB",
  "k",
  "mb",
  "M",
  "PB",
);
const reservations = fc
  .tuple(
    fc.shuffledSubarray(["node", "size", "count"], { minLength: 2 }),
    fc.array(fc.tuple(fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 9999 }).map(String) }, number), unit), {
      minLength: 3,
      maxLength: 3,
    }),
    fc.array(fc.constantFrom("", "", "", " ", ",", ":", ...oddText), { minLength: 3, maxLength: 3 }),
  )
  .map(([keys, values, odds]) =>
    keys
      .map((key, index) => `${key}:${values[index]![0]}${key === "size" ? values[index]![1] : ""}${odds[index]}`)
      .join(","),
  );

const trait: Trait = { name: "CUSTOM_OURS", by: "provider-config" };
const who = fc.constantFrom("$COMPUTE_NODE", "compute-1", "5213b75d-9260-42a6-b236-f39b0fd10561");
/** One entry of a provider.yaml in one of the many ways to write it. */
const entry = fc.tuple(who, fc.constantFrom("uuid", "name"), fc.nat({ max: 8 })).map(([value, key, way]) => {
  const traits = "traits: {additional: [CUSTOM_SITE]}";
  const ways = [
    `  - identification:\n      ${key}: ${value}\n    ${traits}\n`,
    `  - {identification: {${key}: ${value}}, ${traits}}\n`,
    `  - {"identification": {"${key}": "${value}"}, "traits": {"additional": ["CUSTOM_SITE"]}}\n`,
    `  - ${traits}\n    identification: # which\n      '${key}' : # this\n        '${value}'\n`,
    `  - ? identification\n    : ? ${key}\n      : >-\n        ${value}\n    ${traits}\n`,
    `  - identification: &who {${key}: !!str ${value}}\n    ${traits}\n`,
    `  - identification:\n      "\\x${key.charCodeAt(0).toString(16)}${key.slice(1)}": "${value}"\n    ${traits}\n`,
    `  - "identific\\u0061tion": {${key}: ${value}}\n    ${traits}\n`,
    `  # - identification:\n  #     ${key}: ${value}\n`,
  ];
  return ways[way]!;
});
const providerFile = fc
  .tuple(
    fc.array(entry, { maxLength: 2 }),
    fc.constantFrom("meta: {schema_version: '1.0'}\n", '{"meta": 5}\n', "# ours\n"),
  )
  .map(([entries, meta]) => {
    const listed = entries.some((each) => !each.startsWith("  #"));
    return `${meta}${entries.length === 0 || !listed ? `${entries.join("")}providers: []\n` : `providers:\n${entries.join("")}`}`;
  });
const providerPieces = [
  "#",
  "\n",
  "providers:",
  "identification",
  "uuid",
  ": ",
  "$COMPUTE_NODE",
  "- ",
  "{",
  "}",
  "'",
  '"',
];
const providerFiles = fc.oneof(
  providerFile,
  damaged(providerFile, [...providerPieces, bytes("\u0085"), bytes("\u2028")], 3),
);

/** What is true of what Nova reads beside its options, with Nova's own code as the judge. */
export const novaTargets: AnyTarget[] = [
  ...novaVersions.map((version) =>
    target({
      name: `reservations-${version}`,
      says: `Nova ${version} reserves by any entry of reserved_huge_pages the pages that we take it to, or refuses it as we do`,
      cases: reservations,
      start: () => NovaReaders.start(version),
      holds: async (text: string, nova: NovaReaders, saw) => {
        const theirs = await nova.reservation(text);
        const ours = parseReservation(text);
        saw("value" in theirs ? "read" : "refused");
        if ("error" in theirs) return assert.equal(ours, undefined, theirs.error);
        assert.deepEqual(ours && [[ours.node, ours.sizeKib, ours.count]], theirs.value);
        if (/[A-Za-z]$/.test(/size:([^,]*)/.exec(text)?.[1] ?? "")) saw("a unit");
      },
      mustSee: ["read", "refused", "a unit"],
      runs: { sample: 600, full: 10_000 },
    }),
  ),
  target({
    name: "providers",
    says: "beside any provider.yaml of others Nova takes ours and gives the host its trait, or we refuse to write it",
    cases: providerFiles,
    start: () => NovaReaders.start(novaVersions[0]),
    holds: async (text: string, nova: NovaReaders, saw) => {
      const facts = new DescribedHost({ files: { "/etc/nova/provider_config/site.yaml": [text] } }).facts();
      const config = readNovaConfig(facts);
      if ("error" in (await nova.providers({ "site.yaml": text }))) return saw("refused by Nova");
      if (traitProblems(trait, facts, config).length > 0) return saw("refused");
      const steps = planTrait(trait, facts, config, undefined, false).beside.steps;
      const ours = steps.flatMap((step) => (step.kind === "write-file" && step.content ? [step.content] : []));
      const both = await nova.providers({ "site.yaml": text, "hostmem.yaml": ours.join("") });
      assert.deepEqual(both, { value: { $COMPUTE_NODE: [trait.name] } });
      saw("taken");
    },
    mustSee: ["refused by Nova", "refused", "taken"],
    runs: { sample: 300, full: 3_000 },
  }),
];
