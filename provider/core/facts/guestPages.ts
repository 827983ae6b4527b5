/** Huge pages that a guest has, or gets at its next start. */
export interface GuestPages {
  sizeKib: number;
  /** Memory that is made of them. */
  kib: number;
  /** The NUMA node of the host that they must come from; undefined where any will do. */
  node?: number;
}

/** What of a guest's XML is about pages, as an extended regular expression. */
export const pageElements = "page size=|cell id=|memnode |/?nova:extraSpecs|nova:extraSpec name=.hw:mem_page_size";

/**
 * libvirt says of each size which of the guest's own NUMA nodes it is for (`nodeset`), of each of those how large it is
 * (`cell`), and by which node of the host it is served (`memnode`).
 */
export function parseGuestPages(xml: string, memoryKib: number): GuestPages[] {
  const cells = new Map(elements(xml, "cell").map(({ id, memory }) => [id, number(memory)]));
  const served = new Map(elements(xml, "memnode").map(({ cellid, nodeset }) => [cellid, numbersIn(nodeset ?? "")]));
  return elements(xml, "page").flatMap(({ size, nodeset }) => {
    const sizeKib = number(size);
    const ids = nodeset === undefined ? [...cells.keys()] : numbersIn(nodeset).map(String);
    if (ids.length === 0) return [{ sizeKib, kib: memoryKib }];
    return ids.map((id) => {
      const [node, ...others] = served.get(id) ?? [];
      const isBound = node !== undefined && others.length === 0;
      return { sizeKib, kib: cells.get(id) ?? 0, ...(isBound ? { node } : {}) };
    });
  });
}

/**
 * What its flavor says of hw:mem_page_size, null if nothing. Older releases of Nova do not write down what flavors say
 * (undefined): a guest with ordinary pages then looks the same whether it asked for them or not.
 */
export function parsePageRequest(xml: string): string | null | undefined {
  const request = /<nova:extraSpec name=['"]hw:mem_page_size['"]>([^<]*)</.exec(xml)?.[1];
  return request ?? (xml.includes("<nova:extraSpecs") ? null : undefined);
}

/** Each start tag of an element, in work that grows no faster than the text. */
export function startTags(xml: string, element: string): string[] {
  return xml
    .split(`<${element} `)
    .slice(1)
    .map((rest) => rest.slice(0, rest.indexOf(">") + 1));
}

function elements(xml: string, name: string): Record<string, string>[] {
  return startTags(xml, name).map((tag) =>
    Object.fromEntries([...tag.matchAll(/\b(\w+)=['"]([^'"]*)['"]/g)].map(([, key, value]) => [key, value])),
  );
}

function number(digits: string | undefined): number {
  return /^\d+$/.test(digits ?? "") ? Number(digits) : 0;
}

/** Linux has no more nodes, and libvirt gives guests no more. */
const nodeLimit = 1024;

/** Of "0", "0-2" or "0,3". */
function numbersIn(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    const numbers = Array.from(
      { length: Math.max(0, Number(last) - Number(first) + 1) || 0 },
      (_, at) => Number(first) + at,
    );
    return numbers.filter((number) => number < nodeLimit);
  });
}
