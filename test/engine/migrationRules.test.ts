import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { resourceClassOf } from "../../provider/core/kinds/pmemOption";
import { releases } from "../../provider/core/migration/releaseTable";
import { majorOf, type Rule } from "../../provider/core/migration/traits";
import { rules } from "../../provider/core/migration/verdict";
import { type AskedMigration, askedMigrations, type Using } from "../support/novaMigration/cases";
import { askNova } from "../support/novaMigration/oracle";
import { novaVersions } from "../support/novaPages/oracle";
import { beginTrial } from "../support/trials";

const seed = Number(process.env["HOSTMEM_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = process.env["HOSTMEM_TEST_FULL"] ? 20_000 : 1400;

const ours: Using = { rules, classOf: resourceClassOf };

/** Our rules, but for one that judges otherwise, or is not there. */
function but(name: string, judge?: Rule["judge"]): Using {
  assert.ok(rules.some((rule) => rule.name === name));
  const others = rules.filter((rule) => rule.name !== name);
  const rule = rules.find((each) => each.name === name)!;
  return { ...ours, rules: judge ? [...others, { ...rule, judge }] : others };
}
const original = (name: string) => rules.find((rule) => rule.name === name)!.judge;
const said = { outcome: "refused", reason: "" } as const;

/** Bugs of the kind that one makes here. */
const bugs: Record<string, Using> = {
  "versions of QEMU are compared as text": but("hypervisor-version", (from, to) =>
    to.qemu < from.qemu ? said : undefined,
  ),
  "only the major version of QEMU counts": but("hypervisor-version", (from, to) =>
    majorOf(to.qemu) < majorOf(from.qemu) ? said : undefined,
  ),
  "persistent memory asks for the release there alone": but("pmem-service", (_from, to, guest) =>
    original("pmem-service")(to, to, guest),
  ),
  "persistent memory can go in Train": but("pmem-service"),
  "a NUMA topology asks for the release here alone": but("numa-topology", (from, _to, guest) =>
    original("numa-topology")(from, from, guest),
  ),
  "persistent memory gives no NUMA topology": but("numa-topology", (from, to, guest) =>
    guest.kind === "pmem" ? undefined : original("numa-topology")(from, to, guest),
  ),
  "a guest's memory stays where it was": but("other-backing"),
  "files take the place of huge pages": but("page-size-to-files"),
  "locked memory stays out of files": but("page-size-to-files", (from, to, guest) =>
    guest.kind === "locked" ? undefined : original("page-size-to-files")(from, to, guest),
  ),
  "a label in other letters is the same": but("label-spelt-otherwise"),
  "a label in other letters is another class": but("label-there", (_from, to, guest) =>
    guest.kind === "pmem" && !to.pmem.some(({ label }) => label === guest.label) ? said : undefined,
  ),
  "signs in a label stay in its class": { ...ours, classOf: (label) => `CUSTOM_PMEM_NAMESPACE_${label}`.toUpperCase() },
  "large pages may be of another size there": but("other-pages-there"),
};

for (const version of novaVersions) {
  describe(`rules of live migration and Nova ${version}`, function () {
    this.timeout(30 * 60_000);
    let asked: AskedMigration[];
    let answers: unknown[];
    let constants: unknown;
    before(async () => {
      asked = fc.sample(askedMigrations, { seed, numRuns });
      [constants, ...answers] = await askNova(version, [
        { ask: "constants" },
        ...asked.map(({ question }) => question),
      ]);
    });

    const agree = (each: AskedMigration, index: number, using: Using) =>
      JSON.stringify(each.ours(using)) === JSON.stringify(each.theirs(answers[index]));

    it("agree about everything that Nova has code for", () => {
      for (const [index, each] of asked.entries()) {
        const shown = `HOSTMEM_SEED=${seed} ${each.about} ${JSON.stringify(each.question)}`;
        assert.deepEqual(each.ours(ours), each.theirs(answers[index]), shown);
      }
    });

    it("were asked about each of its checks, with each answer often", () => {
      const counts = new Map<string, Map<string, number>>();
      for (const [index, { about, theirs }] of asked.entries()) {
        const ofCheck = counts.get(about) ?? new Map<string, number>();
        counts.set(about, ofCheck);
        const answer = about === "classes of labels" ? "a class" : JSON.stringify(theirs(answers[index]));
        ofCheck.set(answer, (ofCheck.get(answer) ?? 0) + 1);
      }
      assert.equal(counts.size, 7);
      for (const [about, ofCheck] of counts) {
        const prove = beginTrial("live migration, Nova's answers", `${version}: ${about}`, [
          "each answer often",
          "alike",
        ]);
        const all = [...ofCheck.values()].reduce((sum, count) => sum + count, 0);
        if (about !== "classes of labels") assert.ok(ofCheck.size >= 2, `${about}: ${[...ofCheck.keys()]}`);
        for (const [answer, count] of ofCheck) assert.ok(count >= all / 20, `${about}: ${answer} ${count} of ${all}`);
        prove("each answer often");
        const mine = asked.map((each, index) => each.about !== about || agree(each, index, ours));
        if (mine.every(Boolean)) prove("alike");
      }
    });

    it("have this release's own minimum versions and service versions", () => {
      const { name: _name, ...row } = releases[Number(version.split(".")[0])]!;
      assert.deepEqual(row, constants);
    });

    for (const [bug, using] of Object.entries(bugs)) {
      it(`would differ if ${bug}`, () => {
        const prove = beginTrial("live migration, planted bugs", `${version}: ${bug}`, ["found"]);
        assert.ok(asked.some((each, index) => !agree(each, index, using)));
        prove("found");
      });
    }
  });
}
