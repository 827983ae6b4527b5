import { strict as assert } from "node:assert";
import type { GuestKind, HostTraits, Outcome } from "../../../provider/core/migration/traits";
import { rules, verdict } from "../../../provider/core/migration/verdict";
import { beginTrial } from "../../support/trials";
import { fileBacked, ofNova, plain } from "./hosts";

const anyGuest: GuestKind = { kind: "plain" };
const locked: GuestKind = { kind: "locked" };
const shares: GuestKind = { kind: "shares" };
const pages = (request: "small" | "large" | "any" | number): GuestKind => ({ kind: "page-size", request });
const gold: GuestKind = { kind: "pmem", label: "6GB" };
const with2m: HostTraits = { ...plain, pageSizes: [4, 2048] };
const with1g: HostTraits = { ...plain, pageSizes: [4, 2048, 1048576] };
const onlyHuge: HostTraits = { ...plain, pageSizes: [2048] };
const mib = 1024;
const offering = (
  label: string,
  sizeKib?: number,
  alignmentKib?: number,
  more: Partial<HostTraits> = {},
): HostTraits => ({
  ...plain,
  ...more,
  pmem: [{ label, ...(sizeKib ? { sizeKib } : {}), ...(alignmentKib ? { alignmentKib } : {}) }],
});
const sixGib = offering("6GB", 6 * 1024 * mib, 2 * mib);
const permits = (host: HostTraits): HostTraits => ({ ...host, postCopy: true });

type Case = [what: string, from: HostTraits, to: HostTraits, guest: GuestKind, Outcome, rules?: string, says?: RegExp];

const cases: Case[] = [
  ["a plain guest between hosts that are alike", plain, plain, anyGuest, "works"],
  ["a plain guest between file-backed hosts", fileBacked, fileBacked, anyGuest, "works"],
  ["a plain guest to a file-backed host", plain, fileBacked, anyGuest, "breaks", "other-backing", /into files there/],
  ["a plain guest from a file-backed host", fileBacked, plain, anyGuest, "breaks", "other-backing", /into RAM there/],
  [
    "an older QEMU there",
    ofNova("33.0.0", { qemu: "10.0.2" }),
    ofNova("33.0.0", { qemu: "10.0.1" }),
    anyGuest,
    "refused",
    "hypervisor-version",
    /skip_hypervisor_version_check_on_lm/,
  ],
  ["a newer QEMU there", ofNova("33.0.0", { qemu: "9.2" }), ofNova("33.0.0", { qemu: "10.0.1" }), anyGuest, "works"],
  [
    "a libvirt too old for the Nova there",
    ofNova("28.0.0"),
    ofNova("28.0.0", { libvirt: "6.0.0" }),
    anyGuest,
    "refused",
    "minimum-versions",
    /does not start there: it needs libvirt 7\.0\.0 \(it is 6\.0\.0\)/,
  ],
  [
    "a QEMU too old for the Nova here",
    ofNova("31.0.0", { qemu: "5.2.0" }),
    ofNova("31.0.0"),
    anyGuest,
    "refused",
    "minimum-versions",
    /does not start here: it needs QEMU 6\.2\.0/,
  ],
  ["releases next to each other", ofNova("31.0.0"), ofNova("33.0.0"), anyGuest, "works"],
  [
    "releases that are too far apart",
    ofNova("31.0.0"),
    ofNova("34.0.0"),
    anyGuest,
    "refused",
    "release-span",
    /TooOldComputeService/,
  ],
  ["the same two the other way round", ofNova("34.0.0"), ofNova("31.0.0"), anyGuest, "refused", "release-span"],
  ["a release that is newer than any that we know", ofNova("35.0.0"), ofNova("34.0.0"), anyGuest, "works"],
  [
    "a page size before Train",
    ofNova("19.0.0", { pageSizes: [4, 2048] }),
    ofNova("20.0.0", { pageSizes: [4, 2048] }),
    pages(2048),
    "refused",
    "numa-topology",
    /enable_numa_live_migration/,
  ],
  ["a plain guest before Train", ofNova("18.0.0"), ofNova("19.0.0"), anyGuest, "works"],
  [
    "a guest of Queens to a file-backed host of Rocky",
    ofNova("17.0.0"),
    ofNova("18.0.0", { fileBacked: true }),
    anyGuest,
    "refused",
    "source-before-files",
  ],
  [
    "a guest of Queens to a file-backed host of Train",
    ofNova("17.0.0"),
    ofNova("20.0.0", { fileBacked: true }),
    anyGuest,
    "breaks",
    "source-before-files",
    /nobody checks/,
  ],

  [
    "any page size on a file-backed host",
    { ...with2m, fileBacked: true },
    with2m,
    pages("small"),
    "impossible",
    "page-size-from-files",
    /MemoryPagesUnsupported/,
  ],
  [
    "ordinary pages that were asked for, to a file-backed host",
    plain,
    fileBacked,
    pages("small"),
    "breaks",
    "page-size-to-files other-backing",
    /a page size and file-backed memory/,
  ],
  [
    "huge pages to a file-backed host with a pool",
    with2m,
    { ...with2m, fileBacked: true },
    pages(2048),
    "breaks",
    "page-size-to-files other-backing",
  ],
  ["huge pages to a file-backed host without", with2m, fileBacked, pages(2048), "refused", "pages-there"],
  ["a size that the host here does not have", plain, with2m, pages(2048), "impossible", "pages-here"],
  ["a size that both have", with2m, with1g, pages(2048), "works"],
  ["large pages that are the same size on both", with2m, with2m, pages("large"), "works"],
  [
    "large pages that would be larger there",
    with2m,
    with1g,
    pages("large"),
    "refused",
    "other-pages-there",
    /2 MiB here and would get 1 GiB there/,
  ],
  [
    "any pages that would be smaller there",
    with2m,
    plain,
    pages("any"),
    "refused",
    "other-pages-there",
    /2 MiB here and would get 4 KiB/,
  ],
  ["no huge pages there at all", with2m, plain, pages("large"), "refused", "pages-there", /no huge pages/],
  [
    "ordinary pages to a host that withholds them",
    plain,
    onlyHuge,
    pages("small"),
    "refused",
    "pages-there",
    /no 4 KiB pages/,
  ],
  ["a plain guest to a host that withholds ordinary pages", plain, onlyHuge, anyGuest, "works"],

  ["locked memory between hosts that are alike", plain, plain, locked, "works"],
  [
    "locked memory to a file-backed host",
    plain,
    fileBacked,
    locked,
    "breaks",
    "page-size-to-files other-backing",
    /locked into RAM and file-backed memory/,
  ],
  ["locked memory before Zed", ofNova("25.0.0"), ofNova("26.0.0"), locked, "impossible", "locked-release"],
  [
    "locked memory to a host before Zed",
    ofNova("26.0.0"),
    ofNova("25.0.0"),
    locked,
    "breaks",
    "locked-release",
    /and no longer/,
  ],

  ["persistent memory between hosts that are alike", sixGib, sixGib, gold, "works"],
  ["a label that the host here does not have", plain, sixGib, gold, "impossible", "label-here"],
  [
    "a label that the host there does not have",
    sixGib,
    plain,
    gold,
    "refused",
    "label-there",
    /no CUSTOM_PMEM_NAMESPACE_6GB/,
  ],
  [
    "a label in other letters there",
    sixGib,
    offering("6gb", 6 * 1024 * mib, 2 * mib),
    gold,
    "breaks",
    "label-spelt-otherwise",
    /be it another guest's/,
  ],
  [
    "smaller namespaces there",
    sixGib,
    offering("6GB", 5 * 1024 * mib, 2 * mib),
    gold,
    "breaks",
    "namespace-size",
    /5 GiB, less than 6 GiB/,
  ],
  [
    "larger namespaces there",
    sixGib,
    offering("6GB", 7 * 1024 * mib, 2 * mib),
    gold,
    "works",
    "namespace-size",
    /cannot come back/,
  ],
  [
    "a coarser alignment there",
    sixGib,
    offering("6GB", 6 * 1024 * mib, 1024 * mib),
    gold,
    "breaks",
    "namespace-alignment",
    /1 GiB, more than 2 MiB/,
  ],
  ["a finer alignment there", sixGib, offering("6GB", 6 * 1024 * mib, 4), gold, "works"],
  [
    "namespaces of which only the label is known",
    sixGib,
    offering("6GB"),
    gold,
    "works",
    "namespace-unknown",
    /does not compare/,
  ],
  [
    "two sizes under one label there",
    sixGib,
    { ...sixGib, pmem: [...sixGib.pmem, { label: "6GB", sizeKib: mib, alignmentKib: 4 }] },
    gold,
    "breaks",
    "namespace-size",
  ],
  [
    "persistent memory before Train",
    offering("6GB", mib, 4, ofNova("19.0.0")),
    offering("6GB", mib, 4, ofNova("19.0.0")),
    gold,
    "impossible",
    "pmem-service",
  ],
  [
    "persistent memory in Train",
    ofNova("20.0.0", { pmem: sixGib.pmem }),
    ofNova("20.0.0", { pmem: sixGib.pmem }),
    gold,
    "breaks",
    "pmem-service",
    /same path there/,
  ],
  [
    "persistent memory from Ussuri to Train",
    ofNova("21.0.0", { pmem: sixGib.pmem }),
    ofNova("20.0.0", { pmem: sixGib.pmem }),
    gold,
    "refused",
    "pmem-service",
  ],
  [
    "persistent memory on a host that permits post-copy",
    permits(sixGib),
    sixGib,
    gold,
    "works",
    "pmem-post-copy",
    /never switches it/,
  ],

  ["post-copy between hosts with memory in RAM", permits(plain), plain, anyGuest, "works"],
  [
    "post-copy into files with a QEMU that refuses it",
    permits(ofNova("31.0.0", { fileBacked: true })),
    ofNova("31.0.0", { fileBacked: true }),
    anyGuest,
    "breaks",
    "post-copy-to-files",
    /refuses every migration/,
  ],
  [
    "post-copy into files with a QEMU that finds out too late",
    permits(fileBacked),
    fileBacked,
    anyGuest,
    "breaks",
    "post-copy-to-files",
    /which is then lost/,
  ],
  ["post-copy that only the host there permits", fileBacked, permits(fileBacked), anyGuest, "works"],

  ["a share before there are shares", ofNova("30.0.0"), ofNova("31.0.0"), shares, "impossible", "shares-here"],
  [
    "a share on a host with nothing that it needs",
    ofNova("31.0.0", { pageSizes: [] }),
    ofNova("31.0.0"),
    shares,
    "impossible",
    "shares-here",
  ],
  [
    "a share between file-backed hosts",
    ofNova("31.0.0", { fileBacked: true }),
    ofNova("31.0.0", { fileBacked: true }),
    shares,
    "refused",
    "shares-refused",
    /detach it first/,
  ],
];

describe("a verdict on a live migration", () => {
  for (const [what, from, to, guest, outcome, rules, says] of cases) {
    it(`of ${what} is that it ${outcome === "works" ? "works" : `is ${outcome}`}`, () => {
      const prove = beginTrial("live migration, verdicts", what, ["as said"]);
      const said = verdict(from, to, guest);
      assert.deepEqual([said.outcome, said.rules], [outcome, rules?.split(" ") ?? []], said.reasons.join("\n"));
      assert.equal(said.reasons.length, said.rules.length);
      if (says) assert.match(said.reasons.join("\n"), says);
      for (const reason of said.reasons) assert.doesNotMatch(reason, /undefined|NaN|null|\.$/);
      prove("as said");
    });
  }

  it("is shown here for every rule, each of which names where it comes from", () => {
    const shown = new Set(cases.flatMap(([, from, to, guest]) => verdict(from, to, guest).rules));
    assert.deepEqual(
      rules.filter(({ name }) => !shown.has(name)).map(({ name }) => name),
      [],
    );
    for (const { name, source } of rules) assert.match(source, /nova\/|QEMU|\[libvirt\]|hw:|placement/, name);
    assert.equal(new Set(rules.map(({ name }) => name)).size, rules.length);
  });

  it("never has a reason for what a planted bug leaves out", () => {
    const without = (name: string) => rules.filter((rule) => rule.name !== name);
    for (const { name } of rules) {
      const prove = beginTrial("live migration, planted bugs", `without ${name}`, ["found"]);
      const found = cases.some(([, from, to, guest, outcome, rule]) => {
        const said = verdict(from, to, guest, without(name));
        return said.outcome !== outcome || said.rules.join() !== (rule ?? "");
      });
      assert.ok(found, name);
      prove("found");
    }
  });
});
