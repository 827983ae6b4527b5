import * as fc from "fast-check";
import type { resourceClassOf } from "../../../provider/core/kinds/pmemOption";
import { releaseOf } from "../../../provider/core/migration/releaseTable";
import { givenPages } from "../../../provider/core/migration/rules/pages";
import type { GuestKind, HostTraits, Rule } from "../../../provider/core/migration/traits";
import type { MigrationQuestion } from "./oracle";

/** Something that Nova is asked, and what our rules make of the same. */
export interface AskedMigration {
  /** Which of Nova's checks it is about. */
  about: string;
  question: MigrationQuestion;
  /** In the words of Nova's answer. */
  ours(using: Using): unknown;
  /** Nova's answer, as far as ours has an opinion. */
  theirs(answer: unknown): unknown;
}

/** Our rules, or rules with a bug. */
export interface Using {
  rules: readonly Rule[];
  classOf: typeof resourceClassOf;
}

const host: HostTraits = {
  nova: "31.0.0",
  libvirt: "10.0.0",
  qemu: "9.0.0",
  fileBacked: false,
  basePageKib: 4,
  pageSizes: [4],
  pmem: [],
  postCopy: false,
};

function says(using: Using, name: string, from: HostTraits, to: HostTraits, guest: GuestKind) {
  return using.rules.find((rule) => rule.name === name)?.judge(from, to, guest);
}

const same = (answer: unknown) => answer;
const flag = fc.boolean();
const nova = fc.integer({ min: 18, max: 34 }).map((major) => `${major}.0.0`);
const number = fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(9, 10, 11, 22));
const qemu = fc.tuple(fc.constantFrom(7, 8, 9, 10), number, number).map((parts) => parts.join("."));
const services = (...versions: string[]) => versions.map((each) => releaseOf(each).service);

const hypervisor = fc.tuple(qemu, qemu, flag).map(([source, other, isSame]): AskedMigration => {
  const destination = isSame ? source : other;
  const [from, to] = [source, destination].map((version) => ({ ...host, qemu: version })) as [HostTraits, HostTraits];
  return {
    about: "the version of QEMU",
    question: { ask: "hypervisor", source, destination },
    ours: (using) =>
      says(using, "hypervisor-version", from, to, { kind: "plain" }) ? "DestinationHypervisorTooOld" : true,
    theirs: same,
  };
});

/** Old releases as often as new ones: what decides is which side of Train and Ussuri they are on. */
const aroundUssuri = fc.oneof(
  fc.constantFrom("20.0.0", "21.0.0"),
  nova.filter((each) => each >= "20"),
);
const aroundTrain = fc.oneof(fc.constantFrom("19.0.0", "20.0.0"), nova);

const pmemService = fc
  .tuple(aroundUssuri, aroundUssuri, flag)
  // The conductors, which check, are at least as new as the newest nova-compute: these here are of Ussuri or newer.
  .filter(([from, to]) => from >= "21" || to >= "21")
  .map(([from, to, hasPmem]): AskedMigration => {
    const label = "6GB";
    const guest: GuestKind = hasPmem ? { kind: "pmem", label } : { kind: "plain" };
    return {
      about: "persistent memory by release",
      question: {
        ask: "pmem",
        classes: hasPmem ? [`CUSTOM_PMEM_NAMESPACE_${label}`] : ["CUSTOM_OTHER"],
        services: services(from, to),
      },
      ours: (using) =>
        says(using, "pmem-service", { ...host, nova: from }, { ...host, nova: to }, guest)
          ? "MigrationPreCheckError"
          : true,
      theirs: same,
    };
  });

const guests: GuestKind[] = [
  { kind: "plain" },
  { kind: "page-size", request: "large" },
  { kind: "pmem", label: "6GB" },
  { kind: "locked" },
];
const numa = fc.tuple(aroundTrain, aroundTrain, fc.constantFrom(...guests)).map(
  ([from, to, guest]): AskedMigration => ({
    about: "a NUMA topology by release",
    question: { ask: "numa", topology: guest.kind !== "plain", services: services(from, to) },
    ours: (using) =>
      says(using, "numa-topology", { ...host, nova: from }, { ...host, nova: to }, guest)
        ? "MigrationPreCheckError"
        : true,
    theirs: same,
  }),
);

const files = '<source type="file"/><access mode="shared"/><allocation mode="immediate"/><discard/>';
const elements: Record<string, string> = { "page-size": "<hugepages/>", locked: "<locked/>", plain: "" };
const backing = fc
  .tuple(
    flag,
    flag,
    fc.constantFrom<GuestKind>({ kind: "plain" }, { kind: "page-size", request: 2048 }, { kind: "locked" }),
  )
  .filter(([fromFiles, , guest]) => !fromFiles || guest.kind === "plain")
  .map(([fromFiles, toFiles, guest]): AskedMigration => {
    const inside = `${elements[guest.kind]}${fromFiles ? files : ""}`;
    const [from, to] = [
      { ...host, fileBacked: fromFiles },
      { ...host, fileBacked: toFiles },
    ] as const;
    return {
      about: "memoryBacking",
      question: {
        ask: "xml",
        xml: `<domain>${inside === "" ? "" : `<memoryBacking>${inside}</memoryBacking>`}</domain>`,
        wants: toFiles,
      },
      ours: (using) => {
        const moved = says(using, "other-backing", from, to, guest);
        const inFiles = moved === undefined ? fromFiles : /into files there/.test(moved.reason);
        return { inFiles, both: says(using, "page-size-to-files", from, to, guest) !== undefined };
      },
      theirs: (tags) => {
        const has = (name: string) => (tags as string[]).includes(name);
        // All four together, or none of them.
        const parts = ["source", "access", "allocation", "discard"].map(has);
        const inFiles = parts.every((each) => each === parts[0]) ? has("source") : parts;
        return { inFiles, both: has("source") && (has("hugepages") || has("locked")) };
      },
    };
  });

/** Spellings of one class, and others. */
const spelling = fc.constantFrom("fast_ssd", "fast-ssd", "FAST.SSD", "Fast__Ssd", "fast_SSD");
const label = fc.oneof(
  spelling,
  fc.constantFrom("6GB", "6gb", "6-GB", "gold"),
  fc.stringMatching(/^[A-Za-z0-9._-]{1,6}$/),
);
const labels = fc.oneof(
  fc.tuple(spelling, fc.array(spelling, { minLength: 1, maxLength: 1 }), fc.constant(false)),
  fc.tuple(label, fc.array(label, { maxLength: 2 }), flag),
);
const devices = labels.map(([mine, others, isThere]): AskedMigration => {
  const there = [...new Set(isThere ? [mine, ...others] : others)];
  const to = { ...host, pmem: there.map((each) => ({ label: each })) };
  const from = { ...host, pmem: [{ label: mine }] };
  const guest: GuestKind = { kind: "pmem", label: mine };
  return {
    about: "labels of persistent memory",
    question: { ask: "devices", label: mine, there },
    ours: (using) => {
      if (says(using, "label-there", from, to, guest)) return "no class";
      return says(using, "label-spelt-otherwise", from, to, guest) ? "its former path" : "a device of the label";
    },
    theirs: (path) => (path === null ? "no class" : path === "/dev/here" ? "its former path" : "a device of the label"),
  };
});

const pmemClasses = label.map(
  (each): AskedMigration => ({
    about: "classes of labels",
    question: { ask: "pmem-class", label: each },
    ours: ({ classOf }) => classOf(each),
    theirs: same,
  }),
);

const sizes = fc.subarray([4, 2048, 1048576], { minLength: 1 });
const requests = fc.constantFrom<("large" | "any" | "small") | number>("large", "any", "small", 2048);
const pages = fc
  .tuple(sizes, sizes, requests)
  .map(([here, there, request]) => ({
    from: { ...host, pageSizes: here },
    to: { ...host, pageSizes: there },
    guest: { kind: "page-size", request } as const,
  }))
  .filter(({ from, to, guest }) => givenPages(from, guest) !== undefined && givenPages(to, guest) !== undefined)
  .map(
    ({ from, to, guest }): AskedMigration => ({
      about: "page sizes of a claim",
      question: { ask: "pages", here: givenPages(from, guest)!, there: givenPages(to, guest)! },
      ours: (using) => says(using, "other-pages-there", from, to, guest) === undefined,
      theirs: same,
    }),
  );

/** Everything that Nova has code for, each as often. */
export const askedMigrations = fc.oneof(hypervisor, pmemService, numa, backing, devices, pmemClasses, pages);
