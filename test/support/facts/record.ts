// node build/test/support/facts/record.js [CASE[/FACT]…]
//
// Records what the facts script prints on real lab hosts into test/fixtures/facts/<fact>/<case>.json. Expected values are
// written by hand and stay. Needs root; a nova host takes half a minute.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { factsScript } from "../../../provider/core/facts/hostFacts";
import { noProbes } from "../../../provider/core/facts/probes";
import { startLabHost } from "../lab/labHost";
import { type FactFixture, fixturesFolder } from "./fixture";
import { scenarios } from "./scenarios";

type Sections = FactFixture["sections"];

/** Which sections a fact is read from, and in which cases it says something that it does not say in another one. */
const facts: Record<string, { section: RegExp; cases: RegExp }> = {
  system: { section: /^(system|host-id|identity)$/, cases: /nova$|bare|managed/ },
  units: { section: /^units$/, cases: /nova$|off|bare|rdo/ },
  novaCompute: {
    section: /^(units|nova-.*|file \/etc\/(default\/.*|nova\/nova-compute\.conf))$/,
    cases: /nova$|off|bare|rdo/,
  },
  hostFiles: { section: /^file \/(?!var\/lib\/hostmem)/, cases: /nova$|rdo|file-backed/ },
  versions: { section: /^versions$/, cases: /nova$|bare|rdo|pmem/ },
  memory: { section: /^meminfo$/, cases: /nova$|bare/ },
  hugePages: {
    section: /^(page-size|cpu-flags|numa|huge-pages.*|huge-page-.*|transparent-huge-pages|hugetlbfs|kernel-arguments)$/,
    cases: /nova$|bare|huge-pages/,
  },
  fileSystems: { section: /^(mounts|statfs)$/, cases: /nova$|bare|managed/ },
  guests: { section: /^guest( |-digest$)/, cases: /guest|bare|pmem/ },
  guestMemoryFiles: { section: /^guest-memory$/, cases: /guest|bare/ },
  blockDevices: { section: /^device /, cases: /nova$|bare/ },
  directories: { section: /^directory /, cases: /nova$|bare/ },
  deployers: { section: /^(deployers|puppet)$/, cases: /bare|puppet|kolla/ },
  tools: { section: /^tools$/, cases: /nova$|bare/ },
  pmem: { section: /^pmem-/, cases: /pmem|bare/ },
  journal: { section: /^(file \/var\/lib\/hostmem\/.*|applies)$/, cases: /managed|bare/ },
};

async function record(place: string): Promise<void> {
  const [name = "", only] = place.split("/");
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`no such case: ${name}; there are ${Object.keys(scenarios).join(", ")}`);
  const host = await startLabHost({ kind: scenario.kind, name: "facts" });
  try {
    await scenario.prepare(host);
    const { script, nonce } = factsScript({
      ...noProbes,
      devices: [...host.disksById, host.disks[0]!, "/dev/none"],
      directories: ["/srv/guest memory", "/mnt", "/srv/none/below", "/etc/fstab", "/etc", "/bin", "/lib/none/below"],
    });
    const output = await host.succeed("sh -s", { input: script, seconds: 300 });
    const sections = output
      .split(`\n${nonce} `)
      .slice(1)
      .map((piece) => ({ name: piece.split("\n", 1)[0]!, text: piece.slice(piece.indexOf("\n") + 1) }));
    for (const [fact, { section, cases }] of Object.entries(facts)) {
      if (!cases.test(name) || (only !== undefined && only !== fact)) continue;
      const chosen = sections.filter((each) => section.test(each.name));
      write(
        join(fixturesFolder, "facts", fact, `${name}.json`),
        chosen.map((each) => ({ name: each.name, lines: tidy(each.name, each.text).split("\n") })),
      );
    }
  } finally {
    await scenario.tidy?.(host);
    await host.destroy();
  }
}

function write(path: string, sections: Sections): void {
  const former = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as FactFixture) : undefined;
  mkdirSync(dirname(path), { recursive: true });
  const fixture: FactFixture = { sections, expected: former?.expected ?? "to be written by hand" };
  writeFileSync(path, `${JSON.stringify(fixture, undefined, 1)}\n`);
}

/** Leaves out what is nobody's business, and pages of comments. */
function tidy(section: string, text: string): string {
  if (section === "mounts") return text.replace(/lowerdir=\S*/g, "lowerdir=…").replace(/\/\S*hostmem-lab\S*/g, "/…");
  if (!section.startsWith("file ") || section.startsWith("file /var/lib/hostmem/")) return text;
  const isLong = text.length > 4096;
  return text
    .split("\n")
    .filter((line, index) => !isLong || index < 12 || (line !== "" && !line.startsWith("#")))
    .map((line) => line.replace(/^(\w*(password|secret|token|connection|transport_url)\w*\s*=).*/, "$1 removed"))
    .join("\n");
}

async function main(names: string[]): Promise<void> {
  for (const name of names.length > 0 ? names : Object.keys(scenarios)) {
    await record(name);
    console.log(name);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
