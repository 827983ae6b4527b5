import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { parseFacts } from "../../../../provider/core/facts/hostFacts";
import { textOf } from "../../../../provider/core/files/bytes";
import { type AnyTarget, target } from "../target";
import { nonce, outputWith } from "./output";

const count = fc.nat({ max: 2 ** 30 });
const text = fc
  .array(fc.constantFrom(..."ab1 /:=-[]", "\xc3\xa4", "\xa0", "\\"), { maxLength: 8 })
  .map((parts) => parts.join(""));

interface Host {
  base: number;
  flags: string[];
  nodes: {
    id: number;
    total: number;
    free: number;
    slab: number;
    pools: { size: number; total: number; free: number }[];
  }[];
  promised: { sizeKib: number; pages: number }[];
  transparent: string | undefined;
  mounts: { mountPoint: string; files: string[] }[];
  holders: { pid: number; kib: number; name: string }[];
}

const sizes = [64, 2048, 32768, 1048576];
const path = text.map((name) => `/${name}`);
const hosts: fc.Arbitrary<Host> = fc.record({
  base: fc.constantFrom(4, 16, 64),
  flags: fc.subarray(["pse", "pdpe1gb"]),
  nodes: fc.uniqueArray(
    fc.record({
      ...{ id: fc.nat({ max: 1023 }), total: count, free: count, slab: count },
      pools: fc.uniqueArray(fc.record({ size: fc.constantFrom(...sizes), total: count, free: count }), {
        selector: ({ size }) => size,
      }),
    }),
    { selector: ({ id }) => id, maxLength: 4 },
  ),
  promised: fc.array(fc.record({ sizeKib: fc.constantFrom(...sizes), pages: count }), { maxLength: 3 }),
  transparent: fc.option(fc.constantFrom("always", "madvise", "never"), { nil: undefined }),
  mounts: fc.array(fc.record({ mountPoint: path, files: fc.array(path, { maxLength: 2 }) }), { maxLength: 2 }),
  holders: fc.array(fc.record({ pid: count, kib: count, name: text }), { maxLength: 3 }),
});

/** What the kernel and getconf(1) print; the meminfo of a node as in drivers/base/node.c. */
function printed({ base, flags, nodes, promised, transparent, mounts, holders }: Host): string {
  const lines = (all: string[]) => all.map((line) => `${line}\n`).join("");
  return outputWith({
    "page-size": `${base * 1024}\n`,
    "cpu-flags": lines(flags),
    numa: lines(
      nodes.flatMap(({ id, total, free, slab }) =>
        [
          ...[
            ["MemTotal:", `${total} kB`],
            ["MemFree:", `${free} kB`],
            ["Active(anon):", "5 kB"],
          ],
          ...[
            ["SReclaimable:", `${slab} kB`],
            ["HugePages_Total:", "7"],
          ],
        ].map(([name = "", value = ""]) => `Node ${id} ${name.padEnd(15)} ${value.padStart(8)}`),
      ),
    ),
    "huge-pages": lines(
      nodes.flatMap(({ id, pools }) => pools.map(({ size, total, free }) => `${id} ${size} ${total} ${free}`)),
    ),
    "huge-pages-promised": lines(promised.map(({ sizeKib, pages }) => `${sizeKib} ${pages}`)),
    "transparent-huge-pages":
      transparent === undefined ? "" : `always madvise never\n`.replace(transparent, `[${transparent}]`),
    hugetlbfs: lines(
      mounts.flatMap(({ mountPoint, files }) => [`mount ${mountPoint}`, ...files.map((file) => `file ${file}`)]),
    ),
    "huge-page-holders": lines(holders.map(({ pid, kib, name }) => `${pid} ${kib} ${name}`)),
    "huge-page-setters": "",
    "kernel-arguments": "",
  });
}

/** What is true of the memory pages of a host. */
export const pageTargets: AnyTarget[] = [
  target({
    name: "pages",
    says: "what a host's kernel prints of nodes, pools and holders of pages is what the facts say",
    cases: hosts,
    holds: (host: Host, _, saw) => {
      const { hugePages } = parseFacts("host", nonce, printed(host));
      const byNumber = (one: { id: number }, other: { id: number }) => one.id - other.id;
      const nodes = [...host.nodes].sort(byNumber);
      assert.deepEqual(hugePages, {
        basePageKib: host.base,
        cpuFlags: host.flags,
        nodes: nodes
          .filter(({ total }) => total > 0)
          .map(({ id, total, free, slab }) => ({ id, totalKib: total, availableKib: free + slab })),
        pools: nodes.flatMap(({ id, pools }) =>
          pools
            .map(({ size, total, free }) => ({ node: id, sizeKib: size, total, free }))
            .sort((one, other) => one.sizeKib - other.sizeKib),
        ),
        promised: host.promised.map((each) => ({ ...each })),
        transparent: host.transparent,
        mounts: host.mounts.map(({ mountPoint, files }) => ({
          mountPoint: textOf(mountPoint),
          files: files.map(textOf),
        })),
        holders: host.holders.map((holder) => ({ ...holder, name: textOf(holder.name) })),
        otherSetters: [],
        kernelArguments: [],
      });
      if (nodes.length > 1) saw("several nodes");
      if (nodes.some(({ pools }) => pools.length > 1)) saw("several sizes");
      if (host.mounts.some(({ files }) => files.length > 0)) saw("a file");
      if (host.transparent !== undefined) saw("transparent huge pages");
    },
    mustSee: ["several nodes", "several sizes", "a file", "transparent huge pages"],
    runs: { sample: 300, full: 5_000 },
  }),
];
