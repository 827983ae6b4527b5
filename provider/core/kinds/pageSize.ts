import type { HugePageFacts } from "../facts/hugePages";
import { formatSize, parseSize } from "../size";

/** A size as the user writes it: KiB as a number, as the blueprint and Nova do, or text with a unit. */
export type PageSizeInput = number | string;

/** Sizes, or words for several, as the user writes them. */
export type AllowedInput = PageSizeInput | PageSizeInput[];

export const words = ["any", "small", "large"] as const;
type Word = (typeof words)[number];

const isWord = (value: unknown): value is Word => words.includes(value as Word);

/** Largest first, as Nova tries them. */
export function hostSizes(pages: HugePageFacts): number[] {
  const sizes = new Set([pages.basePageKib, ...pages.pools.map((pool) => pool.sizeKib)]);
  return [...sizes].sort((one, other) => other - one);
}

/**
 * A size in KiB.
 *
 * @throws RangeError with a sentence that says what to write instead.
 */
export function parsePageSize(value: unknown): number {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new RangeError("is no page size: a number is a whole number of KiB, such as 4, 2048 or 1048576");
  }
  if (typeof value !== "string") throw new RangeError('must be a page size, such as "2 MiB" or 2048 (KiB)');
  if (/^\s*\d+\s*$/.test(value)) {
    throw new RangeError(`${JSON.stringify(value)} has no unit: write ${value.trim()} without quotes for KiB`);
  }
  const kib = parseSize(value).bytes / 1024;
  if (Number.isInteger(kib) && kib > 0) return kib;
  throw new RangeError(`${JSON.stringify(value)} is no page size: write one that hosts have, such as "2 MiB"`);
}

/** What is wrong with a list of allowed sizes, as index (undefined for the whole) and sentence. */
export function allowedProblems(value: unknown): { index: number | undefined; message: string }[] {
  const isList = Array.isArray(value);
  const entries: unknown[] = isList ? value : [value];
  if (entries.length === 0) {
    return [{ index: undefined, message: 'must not be empty: write "any" to allow every page size' }];
  }
  return entries.flatMap((entry, index) => {
    if (isWord(entry)) return [];
    if (typeof entry === "string" && entry.includes(",")) {
      const list = JSON.stringify(entry.split(",").map((each) => each.trim()));
      return [{ index: isList ? index : undefined, message: `must be a list for several sizes: ${list}` }];
    }
    try {
      parsePageSize(entry);
      return [];
    } catch (error) {
      const isWordlike = typeof entry !== "object" && /^[A-Za-z]*$/.test(String(entry));
      const known = isWordlike ? `must be ${words.map((word) => `"${word}"`).join(", ")}` : "";
      const message = known === "" ? (error as Error).message : `${known}, or a size such as "2 MiB" or 2048 (KiB)`;
      return [{ index: isList ? index : undefined, message }];
    }
  });
}

/**
 * The sizes that a list allows on a host, largest first, and those that it names and the host does not have. `any`, `small`
 * and `large` mean what they mean in a flavor's hw:mem_page_size: every size, the base size, every other size.
 */
export function allowedSizes(allowed: AllowedInput, pages: HugePageFacts): { sizes: number[]; unknown: number[] } {
  const has = hostSizes(pages);
  const named = (Array.isArray(allowed) ? allowed : [allowed]).flatMap((entry) => {
    if (entry === "any") return has;
    if (entry === "small") return [pages.basePageKib];
    if (entry === "large") return has.filter((size) => size !== pages.basePageKib);
    return [parsePageSize(entry)];
  });
  return {
    sizes: has.filter((size) => named.includes(size)),
    unknown: [...new Set(named)].filter((size) => !has.includes(size)),
  };
}

/** "4 KiB", "2 MiB", "1 GiB". */
export function formatPageSize(kib: number): string {
  return formatSize({ bytes: kib * 1024 });
}

/** Why a host lacks a size that others have, where that can be told. */
export function whyNot(kib: number, pages: HugePageFacts): string {
  if (pages.basePageKib !== 4) return "";
  if (kib === 1048576 && !pages.cpuFlags.includes("pdpe1gb")) return "; its processor has no flag pdpe1gb";
  if (kib === 2048 && !pages.cpuFlags.includes("pse")) return "; its processor has no flag pse";
  return "";
}
