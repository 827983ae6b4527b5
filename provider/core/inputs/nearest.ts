/** The one of some names that somebody meant who wrote another one, if that is plain: the beginning of it, or a few slips of the keyboard away. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[-_ ]/g, "");
  const begun = names.filter((name) => written.length >= 5 && plain(name).startsWith(plain(written)));
  if (begun.length === 1) return begun[0];
  const slips = names.map((name) => ({ name, count: distance(plain(written), plain(name)) }));
  const [best] = slips.sort((one, other) => one.count - other.count);
  return best !== undefined && best.count <= Math.max(1, Math.floor(best.name.length / 4)) ? best.name : undefined;
}

/** Letters to add, leave out, change or swap (optimal string alignment); of a name of quite another length, just much. */
function distance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 8) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const changed = above[column - 1]! + (one[row - 1] === other[column - 1] ? 0 : 1);
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const swapped = isSwap ? before[column - 2]! + 1 : changed;
      line.push(Math.min(changed, swapped, above[column]! + 1, line[column - 1]! + 1));
    }
    before = above;
    above = line;
  }
  return above[other.length]!;
}
