import { strict as assert } from "node:assert";
import { parseBlockDevices } from "../../../provider/core/facts/blockDevices";
import { parseDeployers } from "../../../provider/core/facts/deployers";
import { parseDirectories } from "../../../provider/core/facts/directories";
import { parseFileSystems } from "../../../provider/core/facts/fileSystems";
import { parseGuestDigest, parseGuestMemoryFiles, parseGuests } from "../../../provider/core/facts/guests";
import { parseHostFiles } from "../../../provider/core/facts/hostFile";
import { parseHugePages } from "../../../provider/core/facts/hugePages";
import { parseJournal } from "../../../provider/core/facts/journal";
import { parseMemory } from "../../../provider/core/facts/memory";
import { parseNovaCompute } from "../../../provider/core/facts/novaCompute";
import { parsePmem } from "../../../provider/core/facts/pmem";
import { Sections } from "../../../provider/core/facts/sections";
import { parseSystem } from "../../../provider/core/facts/system";
import { parseTools } from "../../../provider/core/facts/tools";
import { libvirtUnit, parseUnits } from "../../../provider/core/facts/units";
import { parseVersions } from "../../../provider/core/facts/versions";
import { type FactFixture, fixtureNonce, printed, readFixtures } from "../../support/facts/fixture";

/** Each fact, with lists by name: a recorded host has more mounts and files than a case is about. */
const facts: Record<string, (sections: Sections) => unknown> = {
  system: parseSystem,
  units: (sections) => {
    const units = parseUnits(sections);
    return { ...Object.fromEntries(units), libvirtInUse: libvirtUnit(units)?.name ?? null };
  },
  novaCompute: (sections) => {
    const found = parseNovaCompute(sections, parseUnits(sections), parseHostFiles(sections));
    return found ? { ...found, unit: found.unit.name } : { unit: null };
  },
  hostFiles: (sections) => Object.fromEntries(parseHostFiles(sections)),
  versions: parseVersions,
  memory: parseMemory,
  hugePages: parseHugePages,
  fileSystems: (sections) =>
    Object.fromEntries(parseFileSystems(sections).map((found) => [found.mountPoint, found] as const)),
  blockDevices: (sections) => Object.fromEntries(parseBlockDevices(sections)),
  directories: (sections) => Object.fromEntries(parseDirectories(sections)),
  tools: (sections) => ({ all: [...parseTools(sections)] }),
  deployers: (sections) => {
    const found = parseDeployers(sections);
    return { places: [...found.places], puppet: [...found.puppet] };
  },
  guests: (sections) => ({ all: parseGuests(sections), digest: parseGuestDigest(sections) }),
  guestMemoryFiles: (sections) => ({ all: parseGuestMemoryFiles(sections) }),
  pmem: (sections) => {
    const { regions, namespaces, failure } = parsePmem(sections);
    return {
      regions: Object.fromEntries(regions.map((each) => [each.dev, each])),
      namespaces: Object.fromEntries(namespaces.map((each) => [each.dev, each])),
      names: namespaces.map((each) => each.name ?? null),
      failure,
    };
  },
  journal: (sections) => {
    const journal = parseJournal("host", sections, parseHostFiles(sections));
    return { ...journal, objects: Object.fromEntries(journal.objects), hashes: Object.fromEntries(journal.hashes) };
  },
};

/** Compares only what is expected by name; lists and other values must be equal as a whole. */
function assertHas(actual: unknown, expected: unknown, path: string): void {
  if (typeof expected !== "object" || expected === null || Array.isArray(expected)) {
    assert.deepEqual(actual ?? null, expected, path);
    return;
  }
  for (const [name, value] of Object.entries(expected)) {
    assertHas((actual as Record<string, unknown> | undefined)?.[name], value, `${path}.${name}`);
  }
}

for (const [fact, parse] of Object.entries(facts)) {
  describe(`the fact ${fact}, as recorded on`, () => {
    for (const { name, content } of readFixtures<FactFixture>("facts", fact)) {
      it(name, () => {
        const sections = Sections.parse("host", fixtureNonce, printed(content.sections));
        assert.ok(Object.keys(content.expected as object).length > 0);
        assertHas(parse(sections), content.expected, fact);
      });
    }
  });
}

describe("an answer to the facts script", () => {
  it("that is cut before its end is refused", () => {
    const whole = printed([{ name: "system", lines: ["compute", ""] }]);
    assert.throws(() => Sections.parse("host", fixtureNonce, whole.slice(0, -50)), /\[host\] .* is incomplete/);
  });

  it("is not misled by text of the host that looks like a section", () => {
    const sections = Sections.parse("host", fixtureNonce, printed([{ name: "system", lines: ["a", "end", "b"] }]));
    assert.equal(sections.get("system"), "a\nend\nb");
  });

  it("without a section that must be there is an error and not a default", () => {
    const sections = Sections.parse("host", fixtureNonce, printed([]));
    assert.throws(() => parseSystem(sections), /\[host\] the facts script printed no "system"/);
  });

  it("keeps every byte of a file", () => {
    const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    const file = { name: "file /etc/x", lines: ["81a4 0 0 256 17 1", "/etc/x", ...bytes.split("\n")] };
    const files = parseHostFiles(Sections.parse("host", fixtureNonce, printed([file])));
    assert.equal(files.get("/etc/x")?.text, bytes);
    // printf '\0\1…\377' | sha256sum
    assert.equal(files.get("/etc/x")?.sha256, "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880");
  });
});

describe("a guest", () => {
  it("has its name as libvirt means it, and not as XML writes it", () => {
    const names = ["a&amp;b", "&lt;c&gt;", "&quot;d&apos;", "&#38;amp;", "&#xe9;t&#233;", "\xc3\xa9", "&unknown;"];
    const sections = names.map((name, index) => ({
      name: `guest /etc/libvirt/qemu/${index}.xml`,
      lines: [`<name>${name}</name>`, ""],
    }));
    assert.deepEqual(
      parseGuests(Sections.parse("host", fixtureNonce, printed(sections))).map((guest) => guest.name),
      ["a&b", "<c>", "\"d'", "&amp;", "été", "é", "&unknown;"],
    );
  });
});

describe("our own records on a host", () => {
  const journal = (path: string, text: string) => {
    const sections = Sections.parse(
      "host",
      fixtureNonce,
      printed([
        { name: `file ${path}`, lines: [`8180 0 0 ${text.length} 17 1`, path, ...text.split("\n")] },
        { name: "applies", lines: ["0011", "holder p/s/spa\xc3\x9f, pid 7", ""] },
      ]),
    );
    return parseJournal("host", sections, parseHostFiles(sections));
  };
  const path = "/var/lib/hostmem/objects/FileBackedMemoryConfig.json";

  it("name the applies that run, and who holds the lock", () => {
    const { running, holder } = journal(path, '{"version":1,"owner":"a/b/c","edits":[]}');
    assert.deepEqual(running, ["0011"]);
    assert.equal(holder, "p/s/spaß, pid 7");
  });

  it("that are damaged are refused, with what to do", () => {
    assert.throws(
      () => journal(path, "{"),
      /is not JSON; it is ours and was changed by somebody else[\s\S]*Restore it from a backup, or remove it/,
    );
  });

  it("of a newer version are refused", () => {
    assert.throws(() => journal(path, '{"version":2}'), /was written by a newer pulumi-hostmem/);
  });
});
