import type { GuestPages } from "../facts/guestPages";
import type { Guest } from "../facts/guests";
import type { HostFacts } from "../facts/hostFacts";
import type { HugePagePool } from "../facts/hugePages";
import type { Hazard } from "../inputs/common";
import type { Problem } from "../inputs/problem";
import { nameGuests } from "./guestHazards";
import { isSamePool, type Pool } from "./pagePools";
import { formatPageSize } from "./pageSize";
import type { DesiredPages } from "./pageState";

/**
 * Guests that would not find their pages when they are started next, running now or not: all together on the host, or those
 * that Nova bound to one of its nodes on that node.
 */
export function strandedGuests(
  allowed: readonly string[],
  wanted: readonly Pool[],
  { guests, hugePages }: HostFacts,
  path: string,
): Problem[] {
  const hazard: Hazard = "guests-without-pages";
  if (allowed.includes(hazard)) return [];
  const sizes = new Set(guests.flatMap((guest) => guest.pages.map(({ sizeKib }) => sizeKib)));
  return [...sizes].flatMap((size) => {
    const pools = hugePages.pools.filter((pool) => pool.sizeKib === size);
    const onNodes = pools.map((pool) => shortage(size, [pool], pool.node, wanted, guests));
    const places = [shortage(size, pools, undefined, wanted, guests), ...onNodes];
    const found = places.find((place) => place !== undefined);
    if (!found) return [];
    const kept = `Keep as many, move the guests, or accept it with allowHazards: ["${hazard}"]`;
    return [{ path, message: `${found}: they would not start again. ${kept}` }];
  });
}

/** What is missing in all pools of one size, or in that of one node; undefined where it is not these that shrink. */
function shortage(
  size: number,
  pools: readonly HugePagePool[],
  node: number | undefined,
  wanted: readonly Pool[],
  guests: readonly Guest[],
): string | undefined {
  const now = sum(pools.map((pool) => pool.total));
  const left = sum(pools.map((pool) => wanted.find((each) => isSamePool(each, pool))?.count ?? pool.total));
  const isFromHere = (pages: GuestPages) => pages.sizeKib === size && (node === undefined || pages.node === node);
  const kibOf = (guest: Guest) => sum(guest.pages.filter(isFromHere).map(({ kib }) => kib));
  const asking = guests.filter((guest) => kibOf(guest) > 0);
  const needed = Math.ceil(sum(asking.map(kibOf)) / size);
  if (left >= now || left >= needed) return undefined;
  const where = node === undefined ? "" : ` on node ${node}`;
  return `leaves ${left} pages of ${formatPageSize(size)}${where}, and guests of this host have ${needed}${where && " there"} (${nameGuests(asking)})`;
}

/** Guests that are there and that Nova would not let in any more. It looks at new ones only. */
export function strangersWarnings(want: DesiredPages, { guests, hugePages }: HostFacts): string[] {
  const said: string[] = [];
  const others = guests.filter((guest) => guest.pages.some(({ sizeKib }) => !want.sizes.includes(sizeKib)));
  if (others.length > 0)
    said.push(`guests keep pages that are not allowed, since Nova looks at new guests only: ${nameGuests(others)}`);
  const unsized = guests.filter((guest) => guest.pages.length === 0);
  if (!want.sizes.includes(hugePages.basePageKib) && unsized.length > 0)
    said.push(`guests without huge pages stay on this host: ${nameGuests(unsized)}`);
  return said;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
