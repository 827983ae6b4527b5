import type { HugePageFacts } from "../facts/hugePages";
import type { NovaConfig } from "../novaConfig";
import { isSamePool, type Pool, poolOf } from "./pagePools";
import { reservedIn } from "./pageReservations";
import { hostSizes } from "./pageSize";

/**
 * Sizes of which some node has pages that are not reserved, smallest first: Nova gives them to guests that ask for a size.
 *
 * @param changing pools that will be other than they are.
 */
export function givenSizes(pages: HugePageFacts, config: NovaConfig, changing: readonly Pool[] = []): number[] {
  const countOf = (sizeKib: number, node: { id: number; totalKib: number }) => {
    if (sizeKib === pages.basePageKib) return Math.floor(node.totalKib / sizeKib);
    const pool = { node: node.id, sizeKib };
    return changing.find((each) => isSamePool(each, pool))?.count ?? poolOf(pages, node.id, sizeKib)?.total ?? 0;
  };
  return hostSizes(pages)
    .filter((size) => pages.nodes.some((node) => countOf(size, node) > reservedIn(config, node.id, size)))
    .reverse();
}
