import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { setOption } from "../../provider/core/files/osloConfig";
import { readCommon } from "../../provider/core/inputs/common";
import { Inputs } from "../../provider/core/inputs/problem";
import { persistentMemory } from "../../provider/core/kinds/persistentMemory";
import { formatOption, inventoryOf, type OfferedNamespace, parseOption } from "../../provider/core/kinds/pmemOption";
import { novaVersions } from "../support/novaPages/oracle";
import { askNova, type PmemAnswer, type PmemQuestion } from "../support/novaPmem/oracle";
import { beginTrial } from "../support/trials";

const seed = Number(process.env["HOSTMEM_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = process.env["HOSTMEM_TEST_FULL"] ? 2000 : 300;

/** Labels and names as people choose them, and as they should not. */
const label = fc.oneof(
  fc.constantFrom("6GB", "LARGE", "a_b", "6gb", "a__b", "a-b", "A B", "a.b", "", "gold"),
  fc.string({ minLength: 1, maxLength: 5 }),
);
const name = fc.oneof(
  fc.constantFrom("ns0", "ns1", "gold-0", "a.b", "x_y", " ns0", "ns|1", "n:s", "ns,2"),
  fc.string({ minLength: 1, maxLength: 4 }),
);
const offers = fc.array(fc.record({ label, name }), { minLength: 1, maxLength: 6 });

function problemsOf(offered: readonly OfferedNamespace[]): string[] {
  const namespaces = offered.map((each) => ({ ...each, size: "1 GiB" }));
  const inputs = new Inputs({ owner: "a/b/c", namespaces }, "", []);
  persistentMemory.check(inputs, readCommon(inputs));
  return inputs.problems.map(({ path, message }) => `${path} ${message}`);
}

/** The namespaces of a host as `ndctl list -X` prints them. */
function listOf(names: readonly string[]): string {
  const listed = [...new Set(names)].map((each, index) => ({
    dev: `namespace0.${index}`,
    mode: "devdax",
    map: "dev",
    size: 1054867456,
    name: each,
    daxregion: { id: 0, align: 2097152, devices: [{ chardev: `dax0.${index}`, size: 1054867456 }] },
  }));
  return JSON.stringify(listed);
}

function questionOf(offered: readonly OfferedNamespace[]): PmemQuestion {
  const conf = setOption(
    "[DEFAULT]\nstate_path = /x\n",
    "nova.conf",
    "libvirt",
    "pmem_namespaces",
    formatOption(offered),
  );
  return { novaConf: conf.text, listed: listOf(offered.map((each) => each.name)) };
}

function found(answer: PmemAnswer): { namespaces: [string, string][]; inventory: Record<string, number> } {
  assert.ok(!("refused" in answer), "refused" in answer ? answer.refused : "");
  return {
    namespaces: Object.entries(answer.namespaces).map(([each, { label: its }]) => [each, its]),
    inventory: Object.fromEntries(Object.entries(answer.inventory).map(([key, { total }]) => [key, total])),
  };
}

function offer(its: string, of: string): OfferedNamespace[] {
  return [{ label: its, name: of }];
}

function twice(its: string, of: string): OfferedNamespace[] {
  return [...offer(its, of), ...offer(its, of)];
}

/** Offers that a careful user makes. */
const fineOffers = fc
  .uniqueArray(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { minLength: 1, maxLength: 8 })
  .chain((names) =>
    fc
      .array(fc.constantFrom("6GB", "LARGE", "a_b", "X", "Z9_"), { minLength: names.length, maxLength: names.length })
      .map((labels) => names.map((each, index) => ({ name: each, label: labels[index]! }))),
  );

const samples = fc.sample(offers, { seed, numRuns });

/** What we accept. */
const accepted = [
  ...samples.filter((offered) => problemsOf(offered).length === 0),
  ...fc.sample(fineOffers, { seed, numRuns: 100 }),
];

/** What may stand in a nova.conf that others wrote. */
const texts = samples
  .map((offered) => formatOption(offered))
  .filter((text) => /^[ -~]+$/.test(text) && !/[$"'\\]/.test(text) && text.trim() === text);
const namesIn = (text: string) => parseOption(text).map((each) => each.name);

const wrong: [why: string, offered: OfferedNamespace[], nova: RegExp][] = [
  ["a bar in a name", [{ label: "A", name: "a|b" }], /The PMEM namespace a isn't on host/],
  ["a comma in a name", [{ label: "A", name: "a,b" }], /The PMEM namespace a isn't on host/],
  ["a name twice", twice("A", "a"), /Duplicated PMEM namespace a configured/],
  ["no label", [{ label: "", name: "a" }], /CUSTOM_PMEM_NAMESPACE_"/],
  ["labels that differ by case", [...offer("6GB", "a"), ...offer("6gb", "b")], /"CUSTOM_PMEM_NAMESPACE_6GB":2/],
  ["labels of one class", [...offer("a_b", "a"), ...offer("a__b", "b")], /"CUSTOM_PMEM_NAMESPACE_A_B":2/],
];

for (const version of novaVersions) {
  describe(`persistent memory and Nova ${version}`, function () {
    this.timeout(10 * 60_000);
    const answers = new Map<PmemQuestion, PmemAnswer>();
    const questions = {
      accepted: accepted.map(questionOf),
      texts: texts.map((text) => ({
        novaConf: `[libvirt]\npmem_namespaces = ${text}\n`,
        listed: listOf(namesIn(text)),
      })),
      wrong: wrong.map(([, offered]) => questionOf(offered)),
    };
    before(async () => {
      const all = Object.values(questions).flat();
      for (const [index, answer] of (await askNova(version, all)).entries()) answers.set(all[index]!, answer);
    });
    const prove = (trial: string) =>
      beginTrial("persistent memory, Nova's answers", `${version}: ${trial}`, ["20 times", "alike"]);

    it("Nova knows every namespace that we accept by its name and label, and counts them as we say", () => {
      const proved = prove("accepted");
      for (const [index, offered] of accepted.entries()) {
        const shown = `HOSTMEM_SEED=${seed} ${JSON.stringify(offered)}`;
        const { namespaces, inventory } = found(answers.get(questions.accepted[index]!)!);
        assert.deepEqual(new Map(namespaces), new Map(offered.map((each) => [each.name, each.label])), shown);
        assert.deepEqual(inventory, inventoryOf(offered), shown);
      }
      assert.ok(accepted.length >= 20);
      proved("20 times");
      proved("alike");
    });

    it("what we read of a nova.conf is what Nova reads, however it is written", () => {
      const proved = prove("any text");
      let compared = 0;
      for (const [index, text] of texts.entries()) {
        const ours = parseOption(text);
        const answer = answers.get(questions.texts[index]!)!;
        if ("refused" in answer) {
          const isTwice = new Set(namesIn(text)).size < ours.length;
          const isUnusable = ours.some((each) => each.name === "");
          assert.ok(isTwice || isUnusable, `HOSTMEM_SEED=${seed} ${text}: ${answer.refused}`);
          continue;
        }
        compared += 1;
        assert.deepEqual(new Map(found(answer).namespaces), new Map(ours.map((each) => [each.name, each.label])), text);
      }
      assert.ok(compared >= 20, `${compared} were compared`);
      proved("20 times");
      proved("alike");
    });

    for (const [index, [why, offered, nova]] of wrong.entries()) {
      it(`${why} is refused by us, since Nova refuses it or takes it for something else`, () => {
        assert.notDeepEqual(problemsOf(offered), []);
        const answer = answers.get(questions.wrong[index]!)!;
        assert.match("refused" in answer ? answer.refused : JSON.stringify(found(answer).inventory), nova);
      });
    }
  });
}
