import * as fc from "fast-check";
import type { PagedGuest, PageRequest } from "../../../provider/core/kinds/pageVerdict";
import type { PageQuestion } from "./oracle";

/** A guest as Nova is asked about it, and as our rules are. */
export interface AskedGuest {
  /** Which guests it is one of, in the words of a table of what Nova does. */
  row: string;
  asked: PageQuestion["guests"][number];
  /** One NUMA node of it; all are alike. */
  ours: PagedGuest;
  cells: number;
}

/** Ways to write a size in hw:mem_page_size. */
function spellings(sizeKib: number): string[] {
  const [unit, factor] = sizeKib >= 1048576 ? ["GB", 1048576] : sizeKib >= 1024 ? ["MB", 1024] : ["KB", 1];
  return [String(sizeKib), `${sizeKib / factor}${unit}`];
}

/** What hw:mem_page_size can say on a host with these sizes, with what it means: each row of the table as often. */
function requests(sizes: readonly number[]): fc.Arbitrary<{ text: string; means: Exclude<PageRequest, undefined> }> {
  const [smallest = 4, ...huge] = sizes;
  const ordinary = fc.constantFrom("small", ...spellings(smallest)).map((text) => ({
    text,
    means: text === "small" ? ("small" as const) : smallest,
  }));
  const words = (["large", "any"] as const).map((word) => fc.constant({ text: word as string, means: word }));
  const sized = [...huge, 16384].map((size) =>
    fc.constantFrom(...spellings(size)).map((text) => ({ text, means: size })),
  );
  return fc.oneof(ordinary, ...words, ...sized);
}

/** The ways to have a topology without a page size; all but the first also go with one. */
const topologies = fc.constantFrom<{ specs: Record<string, string>; topology: "numa" | "pinned"; cells: number }>(
  { specs: { "hw:pmem": "6GB" }, topology: "numa", cells: 1 },
  { specs: { "hw:numa_nodes": "1" }, topology: "numa", cells: 1 },
  { specs: { "hw:numa_nodes": "2" }, topology: "numa", cells: 2 },
  { specs: { "hw:cpu_policy": "dedicated" }, topology: "pinned", cells: 1 },
  { specs: { "hw:cpu_policy": "dedicated", "hw:numa_nodes": "2" }, topology: "pinned", cells: 2 },
  { specs: { "hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0" }, topology: "pinned", cells: 1 },
);
const none = { specs: {}, topology: "none" as const, cells: 1 };

/** MiB of one NUMA node of a guest: whole pages of every size, and others. */
const memory = fc.oneof(fc.constantFrom(64, 512, 1024, 2048, 3072), fc.integer({ min: 1, max: 3000 }));

/** Any guest that Nova's API lets a user make, as far as pages and topology are concerned. */
export function guests(sizes: readonly number[]): fc.Arbitrary<AskedGuest> {
  const unsized = fc
    .oneof({ weight: 1, arbitrary: fc.constant(none) }, { weight: 2, arbitrary: topologies })
    .map((shape) => ({ shape, flavor: undefined, image: undefined }));
  const sized = fc.record({
    shape: fc.oneof(fc.constant({ ...none, topology: "numa" as const }), topologies),
    flavor: requests(sizes),
    image: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: requests(sizes) }),
  });
  return fc
    .tuple(fc.oneof({ weight: 1, arbitrary: unsized }, { weight: 2, arbitrary: sized }), memory)
    .map(([{ shape, flavor, image: written }, mib]) => {
      // With any other flavor Nova refuses an image that says something (MemoryPageSizeForbidden).
      const image = flavor?.means === "large" || flavor?.means === "any" ? written : undefined;
      const request = image?.means ?? flavor?.means;
      const isMixed = shape.specs["hw:cpu_policy" as keyof typeof shape.specs] === "mixed";
      return {
        row: rowOf(request, shape.topology, Math.min(...sizes)),
        asked: {
          memoryMib: mib * shape.cells,
          vcpus: isMixed ? 2 : shape.cells,
          extraSpecs: { ...shape.specs, ...pageSize("hw:mem_page_size", flavor) },
          imageProperties: pageSize("hw_mem_page_size", image),
        },
        ours: { request, topology: shape.topology, memoryKib: mib * 1024 },
        cells: shape.cells,
      };
    });
}

function pageSize(name: string, request: { text: string } | undefined): Record<string, string> {
  return request ? { [name]: request.text } : {};
}

function rowOf(request: PageRequest, topology: PagedGuest["topology"], smallest: number): string {
  if (request === undefined)
    return { none: "no topology", numa: "hw:numa_nodes or hw:pmem", pinned: "pinned" }[topology];
  return request === smallest ? "small" : String(request);
}
