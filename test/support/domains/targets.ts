import { strict as assert } from "node:assert";
import { resolve } from "node:path";
import * as fc from "fast-check";
import type { GuestPages } from "../../../provider/core/facts/guestPages";
import { interestingLines } from "../../../provider/core/facts/guests";
import { parseFacts } from "../../../provider/core/facts/hostFacts";
import { textOf } from "../../../provider/core/files/bytes";
import { nonce, outputWith } from "../fuzz/host/output";
import { type AnyTarget, target } from "../fuzz/target";
import { bytes } from "../fuzz/texts";
import { LineProcess } from "../lineProcess";

interface Found {
  name: string;
  id: string | null;
  memoryKib: number;
  fileBacked: boolean;
  hugePages: boolean;
  locked: boolean;
  pages: GuestPages[];
  pageRequest?: string | null;
  hasTopology: boolean;
  nova?: { id: string; name: string };
  pmem?: string[];
  nvdimms?: unknown[];
  hasShares?: true;
  isEncrypted?: true;
}

/** A process with an XML parser. */
class XmlOracle {
  private constructor(private readonly process: LineProcess) {}

  static async start(): Promise<XmlOracle> {
    const script = resolve(__dirname, "../../../../test/support/domains/oracle.py");
    return new XmlOracle(LineProcess.start("the XML parser", ["python3", script]));
  }

  read(xml: string): Promise<Found> {
    return this.process.ask({ xml });
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

/** Characters of names, as libvirt writes them (virBufferEscapeString) and as others may. */
const written = fc.constantFrom(
  ...[
    "a",
    "b",
    "0",
    "-",
    ".",
    " ",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&#228;",
    "&#xE4;",
    "&#x1F600;",
    "&#9;",
  ],
  ...[bytes("\u00e4"), bytes("\u00e0"), "amp;", "#"],
);
const name = fc.array(written, { minLength: 1, maxLength: 6 }).map((parts) => `x${parts.join("")}`);
const backing = fc.subarray(
  [
    ...["<hugepages/>", "<locked/>", "<discard/>", "<nosharepages/>"],
    ...["<source type='file'/>", "<source type='memfd'/>", "<source type='anonymous'/>", "<access mode='shared'/>"],
  ],
  { maxLength: 5 },
);
function nvdimm(alignment: string, kib: number): string {
  const source = `      <source>\n      <path>/dev/dax0.0</path>\n${alignment}      </source>\n`;
  const label = "      <label>\n        <size unit='KiB'>128</size>\n      </label>\n";
  const target = `      <target>\n        <size unit='KiB'>${kib}</size>\n${label}      </target>\n`;
  return `    <memory model='nvdimm' access='shared'>\n${source}${target}    </memory>\n`;
}
const other = fc.subarray([
  "<metadata>\n    <nova:instance xmlns:nova='urn:n'>\n      <nova:name>other</nova:name>\n    </nova:instance>\n  </metadata>",
  "<title>&lt;hugepages/&gt; &lt;name&gt;y&lt;/name&gt;</title>",
  "<uuid>5f0a2cf2-1f0a-4d0e-9f3b-8d2c6c1f7a01</uuid>",
  "<currentMemory unit='KiB'>1</currentMemory>",
  "<numatune>\n    <memory mode='strict' nodeset='0'/>\n  </numatune>",
  "<devices>\n    <disk type='file'>\n      <source file='/x'/>\n    </disk>\n    <memory model='dimm'>\n      <target>\n        <size unit='KiB'>7</size>\n      </target>\n    </memory>\n  </devices>",
  "<devices>\n    <filesystem type='mount'>\n      <driver type='virtiofs' queue='1024'/>\n    </filesystem>\n  </devices>",
  `<devices>\n${nvdimm("      <alignsize unit='KiB'>2048</alignsize>\n", 4096)}${nvdimm("", 7)}  </devices>`,
  "<launchSecurity type='sev'>\n    <policy>0x0033</policy>\n  </launchSecurity>",
]);

/** Nodes of a guest, and those of the host that each is served from. */
const cells = fc.array(
  fc.record({
    kib: fc.integer({ min: 1, max: 2 ** 40 }),
    from: fc.option(fc.constantFrom("0", "1", "0-1", "0,2", "3"), { nil: undefined }),
  }),
  { maxLength: 4 },
);
const pages = fc.array(
  fc.record({
    size: fc.constantFrom(64, 2048, 1048576),
    nodeset: fc.option(fc.constantFrom("0", "1", "0-1", "0,2", "0-2,5"), { nil: undefined }),
  }),
  { maxLength: 2 },
);
const specs = fc.constantFrom(
  undefined,
  "<nova:extraSpecs/>",
  '<nova:extraSpecs>\n          <nova:extraSpec name="hw:cpu_policy">shared</nova:extraSpec>\n        </nova:extraSpecs>',
  ...["large", "small", "2048", "1GB"].map(
    (size) =>
      `<nova:extraSpecs>\n          <nova:extraSpec name="hw:mem_page_size">${size}</nova:extraSpec>\n        </nova:extraSpecs>`,
  ),
);

interface Domain {
  cells: { kib: number; from: string | undefined }[];
  pages: { size: number; nodeset: string | undefined }[];
  specs: string | undefined;
  name: string;
  running: boolean;
  id: number;
  memoryKib: number;
  backing: string[];
  other: string[];
  /** What libvirt is at with one that runs; undefined for nothing that it keeps. */
  job: string | undefined;
}

const domains: fc.Arbitrary<Domain> = fc.record({
  ...{ cells, pages, specs },
  name,
  running: fc.boolean(),
  id: fc.nat(),
  memoryKib: fc.integer({ min: 1, max: 2 ** 40 }),
  backing,
  other,
  job: fc.constantFrom(undefined, "none", "migration out", "save"),
});

/** A domain as libvirt stores it: a status around that of a running one. */
function xmlOf({ name, running, id, memoryKib, backing, other, cells, pages, specs, job }: Domain): string {
  const sizes = pages.map(
    ({ size, nodeset }) => `<page size='${size}' unit='KiB'${nodeset === undefined ? "" : ` nodeset='${nodeset}'`}/>`,
  );
  const bound = cells.flatMap(({ from }, at) =>
    from === undefined ? [] : [`<memnode cellid='${at}' mode='strict' nodeset='${from}'/>`],
  );
  const own = cells.map(({ kib }, at) => `<cell id='${at}' cpus='${at}' memory='${kib}' unit='KiB'/>`);
  const within = (outer: string, inner: readonly string[]) =>
    inner.length === 0 ? [] : [`<${outer}>`, ...inner.map((each) => `  ${each}`), `</${outer}>`];
  const nova = "<nova:instance xmlns:nova='urn:n'>";
  const inside = [
    `<domain type='kvm'${running ? ` id='${id}'` : ""}>`,
    `  <name>${name}</name>`,
    ...other.slice(0, 2).map((each) => `  ${each}`),
    `  <memory unit='KiB'>${memoryKib}</memory>`,
    ...(specs === undefined
      ? []
      : ["<metadata>", nova, "<nova:flavor>", specs, "</nova:flavor>", "</nova:instance>", "</metadata>"]),
    ...within("memoryBacking", [...backing, ...within("hugepages", sizes)]),
    ...within("numatune", bound),
    ...within("cpu", within("numa", own)),
    ...other.slice(2).map((each) => `  ${each}`),
    "</domain>",
  ];
  const started = job === undefined ? [] : [`  <job type='none' async='${job}' phase='none'>`, "  </job>"];
  const lines = running
    ? ["<domstatus state='running' pid='3'>", ...started, ...inside.map((each) => `  ${each}`), "</domstatus>"]
    : inside;
  return `${lines.join("\n")}\n`;
}

const interesting = new RegExp(interestingLines.replaceAll("[[:space:]]", "\\s"));

/** What is true of the guests that libvirt knows, with an XML parser as the judge. */
export const domainTargets: AnyTarget[] = [
  target({
    name: "guests",
    says: "an XML parser finds in libvirt's files the guests that we find",
    cases: domains,
    start: XmlOracle.start,
    holds: async (domain: Domain, xml: XmlOracle, saw) => {
      const text = xmlOf(domain);
      const { id, ...read } = await xml.read(text);
      const found = { ...read, name: textOf(read.name) };
      const lines = text.split("\n").filter((line) => interesting.test(line));
      const folder = domain.running ? "/run/libvirt/qemu" : "/etc/libvirt/qemu";
      const facts = parseFacts("host", nonce, outputWith({ [`guest ${folder}/fuzz.xml`]: `${lines.join("\n")}\n` }));
      const ours = facts.guests.find((guest) => guest.name === found.name);
      const job = domain.running && domain.job !== "none" ? domain.job : undefined;
      const expected = { ...found, ...(id === null ? {} : { id: Number(id) }), ...(job === undefined ? {} : { job }) };
      assert.deepEqual(ours, { ...expected, running: domain.running });
      if (job !== undefined) saw("job");
      if (found.fileBacked) saw("file");
      if (found.hugePages) saw("huge pages");
      if (found.locked) saw("locked");
      if (domain.name.includes("&")) saw("entity");
      if (found.pages.some(({ node }) => node !== undefined)) saw("pages of a node");
      if (found.pages.length > 1) saw("several sizes or nodes");
      if (found.pageRequest) saw("a request");
      if (found.nova) saw("a guest of Nova's");
      if (found.pmem && found.nvdimms) saw("persistent memory");
      if (found.hasShares) saw("shares");
      if (found.isEncrypted) saw("encrypted memory");
    },
    mustSee: [
      "job",
      "file",
      "huge pages",
      "locked",
      "entity",
      "pages of a node",
      "several sizes or nodes",
      "a request",
      "a guest of Nova's",
      "persistent memory",
      "shares",
      "encrypted memory",
    ],
    runs: { sample: 300, full: 5_000 },
  }),
];
