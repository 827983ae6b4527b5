import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import type { PagedGuest, PageVerdict } from "../../provider/core/kinds/pageVerdict";
import { pageVerdict } from "../../provider/core/kinds/pageVerdict";
import type { AskedGuest } from "../support/novaPages/guests";
import { columnOf, type GovernedHost, govern, hosts, tableColumns, tableRows } from "../support/novaPages/hosts";
import { askNova, novaVersions, type PageAnswer } from "../support/novaPages/oracle";
import { beginTrial } from "../support/trials";

const seed = Number(process.env["HOSTMEM_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = process.env["HOSTMEM_TEST_FULL"] ? 4000 : 560;

type Rules = typeof pageVerdict;

/** One guest that wants to come to one host, and what Nova says. */
interface Case {
  governed: GovernedHost;
  guest: AskedGuest;
  nova: PageAnswer;
}

/** What the rules say of each node of the host. */
function verdicts({ governed, guest }: Case, rules: Rules, major: number): Map<number, PageVerdict> {
  return new Map([...governed.nodes].map(([id, node]) => [id, rules(node, guest.ours, major)]));
}

/**
 * True if the rules agree with Nova: a guest is placed if it has no more nodes than there are nodes of the host that take one
 * of them, and has the pages that the rules say it gets there.
 */
function agree(each: Case, rules: Rules, major: number): boolean {
  const said = verdicts(each, rules, major);
  const taking = [...said.values()].filter((verdict) => verdict.fits);
  const { cells, ours } = each.guest;
  if (each.nova === null) return taking.length < cells;
  if (taking.length < cells) return false;
  if (ours.topology === "none") return taking.every((verdict) => verdict.sizeKib === each.nova![0]![1]);
  return each.nova.every(([node, sizeKib]) => {
    const verdict = said.get(node!);
    return verdict?.fits === true && verdict.sizeKib === sizeKib;
  });
}

/** Words of a gap for guests that ask for no page size. */
const gapWords: Record<PagedGuest["topology"], RegExp> = {
  none: /^without hw:mem_page_size, pinned CPUs, hw:numa_nodes or hw:pmem$/,
  numa: /^with hw:numa_nodes or hw:pmem, without hw:mem_page_size$/,
  pinned: /^with hw:cpu_policy dedicated or mixed, without hw:mem_page_size$/,
};

/** True if Nova gives the guest pages that are not allowed. */
const isBreach = ({ governed, nova }: Case) =>
  nova?.some(([, sizeKib]) => !governed.allowed.includes(sizeKib)) ?? false;

function isTold({ governed, guest }: Case): boolean {
  const { request, topology } = guest.ours;
  return governed.gaps.some(({ guests }) =>
    request === undefined ? gapWords[topology].test(guests) : guests === `with hw:mem_page_size=${request}`,
  );
}

/** Bugs of the kind that one makes here. */
const bugs: Record<string, Rules> = {
  "reserved pages are forgotten": (node, guest, major) =>
    pageVerdict({ pages: node.pages.map((each) => ({ ...each, reserved: 0 })) }, guest, major),
  "large may fall back to ordinary pages": (node, guest, major) =>
    pageVerdict(node, guest.request === "large" ? { ...guest, request: "any" } : guest, major),
  "pinned guests are treated as in the other releases": (node, guest, major) =>
    pageVerdict(node, guest, major >= 30 ? 26 : 34),
  "guests need not be whole pages": (node, guest, major) =>
    pageVerdict(node, { ...guest, memoryKib: guest.memoryKib - (guest.memoryKib % 1048576) || guest.memoryKib }, major),
  "pages in use are taken for free": (node, guest, major) =>
    pageVerdict({ pages: node.pages.map((each) => ({ ...each, used: 0 })) }, guest, major),
};

async function casesOf(version: (typeof novaVersions)[number], governed: readonly GovernedHost[]): Promise<Case[]> {
  const answers = await askNova(
    version,
    governed.map(({ question }) => question),
  );
  return governed.flatMap((each, host) =>
    each.host.guests.map((guest, index) => ({ governed: each, guest, nova: answers[host]![index]! })),
  );
}

function show({ governed, guest, nova }: Case): string {
  const { host, question } = governed;
  const { guests: _guests, ...described } = host;
  const parts = { host: described, novaConf: question.novaConf, nodes: [...governed.nodes], guest, nova };
  return `HOSTMEM_SEED=${seed}\n${JSON.stringify(parts, undefined, 1)}`;
}

for (const version of novaVersions) {
  describe(`policies of page sizes and Nova ${version}`, function () {
    this.timeout(20 * 60_000);
    const major = Number(version.split(".")[0]);
    let governed: GovernedHost[];
    let cases: Case[];
    /** As if our policy had forgotten a line. */
    let forgetful: Case[];
    before(async () => {
      governed = fc.sample(hosts, { seed, numRuns }).flatMap((host) => govern(host, version) ?? []);
      const poorer = governed.slice(0, 50).map((each) => {
        const novaConf = each.question.novaConf.replace(/^reserved_huge_pages.*\n/m, "");
        return { ...each, question: { ...each.question, novaConf } };
      });
      const all = await casesOf(version, [...governed, ...poorer]);
      cases = all.filter((each) => !poorer.includes(each.governed));
      forgetful = all.filter((each) => poorer.includes(each.governed));
    });

    it("our rules agree with Nova about every guest on every host", () => {
      assert.ok(governed.length > numRuns * 0.8, `${governed.length} policies of ${numRuns} are no nonsense`);
      const differing = cases.find((each) => !agree(each, pageVerdict, major));
      assert.equal(differing && show(differing), undefined);
    });

    it("they were compared in every cell of the table of what Nova does, and on yes and no", () => {
      for (const row of tableRows) {
        for (const column of tableColumns) {
          const prove = beginTrial("page sizes, Nova's answers", `${version}: ${row}, ${column}`, [
            "50 times",
            "alike",
          ]);
          const cell = cases.filter((each) => each.guest.row === row && columnOf(each.governed) === column);
          assert.ok(cell.length >= 50, `${row}, ${column}: ${cell.length} times`);
          prove("50 times");
          if (cell.every((each) => agree(each, pageVerdict, major))) prove("alike");
        }
      }
      const shares = ["yes in a fifth", "no in a fifth"] as const;
      const prove = beginTrial("page sizes, Nova's answers", `${version}: of all`, shares);
      const no = cases.filter(({ nova }) => nova === null).length / cases.length;
      assert.ok(no > 0.2 && no < 0.8, `${no} are no`);
      for (const share of shares) prove(share);
    });

    it("what is called enforced is, and each gap is told and is one", () => {
      const untold = cases.find((each) => isBreach(each) && !isTold(each));
      assert.equal(untold && show(untold), undefined);
      for (const each of governed) assert.equal(each.enforcement, each.gaps.length === 0 ? "host" : "partial");

      const told = new Set(governed.flatMap(({ gaps }) => gaps.map(({ guests }) => guests)));
      assert.equal(told.size, major >= 30 ? 2 : 3, [...told].join("\n"));
      for (const words of told) {
        const real = cases.some(
          (each) => isBreach(each) && isTold(each) && each.governed.gaps.some((gap) => gap.guests === words),
        );
        assert.ok(real, words);
      }
    });

    for (const [bug, rules] of Object.entries(bugs)) {
      it(`they would differ if ${bug}`, () => {
        const prove = beginTrial("page sizes, planted bugs", `${version}: ${bug}`, ["found"]);
        assert.ok(cases.some((each) => !agree(each, rules, major)));
        prove("found");
      });
    }

    it("a policy that forgets a reservation would be found out", () => {
      const prove = beginTrial("page sizes, planted bugs", `${version}: a reservation is forgotten`, ["found"]);
      assert.ok(forgetful.some((each) => isBreach(each) && !isTold(each)));
      prove("found");
    });
  });
}
