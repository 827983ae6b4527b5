/** Far more than hosts that differ by a number: what a list may stand for, so that no text can ask for any amount of work. */
const rangeLimit = 100_000;

/**
 * Names of hosts in few words: those that differ by a number alone become a range, `compute-[001-250].example`. Sorted, each
 * once. {@link unfolded} gives the names back.
 */
export function folded(names: readonly string[]): string[] {
  const groups = new Map<string, { head: string; tail: string; numbers: string[] }>();
  const plain: string[] = [];
  for (const name of new Set(names)) {
    // The last number of the first label is what tells hosts of one kind apart; more digits than that are no number.
    const [, head, digits, tail] = /^([^.[\]]*?)(\d{1,9})(\D*|[^\d.]*\..*)$/.exec(name) ?? [];
    if (head === undefined || /[[\]]/.test(name)) {
      plain.push(name);
      continue;
    }
    const width = isPadded(digits!) ? digits!.length : 0;
    const key = JSON.stringify([head, tail, width]);
    const group = groups.get(key) ?? { head, tail: tail!, numbers: [] };
    group.numbers.push(digits!);
    groups.set(key, group);
  }
  return [...plain, ...[...groups.values()].flatMap(rangesOf)].sort();
}

const isPadded = (digits: string) => /^0\d/.test(digits);

function rangesOf({ head, tail, numbers }: { head: string; tail: string; numbers: string[] }): string[] {
  const sorted = numbers.sort((one, other) => Number(one) - Number(other));
  const ranges: [first: string, last: string][] = [];
  for (const number of sorted) {
    const range = ranges.at(-1);
    if (range && Number(range[1]) + 1 === Number(number)) range[1] = number;
    else ranges.push([number, number]);
  }
  if (ranges.length === sorted.length) return sorted.map((number) => `${head}${number}${tail}`);
  return [`${head}[${ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(",")}]${tail}`];
}

/** Every name that {@link folded} names stand for. */
export function unfolded(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const [, head, list, tail] = /^([^[\]]*)\[([\d,-]+)\]([^[\]]*)$/.exec(name) ?? [];
    if (list === undefined) return [name];
    return list.split(",").flatMap((part) => {
      const [first = "", last = first] = part.split("-");
      const count = Math.min(Number(last) - Number(first) + 1, rangeLimit);
      return Array.from(
        { length: count },
        (_, at) => `${head}${String(Number(first) + at).padStart(isPadded(first) ? first.length : 0, "0")}${tail}`,
      );
    });
  });
}
