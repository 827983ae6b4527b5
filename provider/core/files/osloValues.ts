import { numberText, strip } from "./pythonText";

/** A text converted by an oslo.config type: null is Python's None, which number options make of an empty text. */
export type Converted<T> = { ok: true; value: T | null } | { ok: false; reason: string };

export interface Bounds {
  min?: number;
  max?: number;
}

/**
 * An IntOpt's value, as Python's `int()` reads it: blanks around, a sign, leading zeros and single underscores between digits
 * are fine, and so are digits of any script; a fraction, an exponent, a unit or a comment is not.
 */
export function parseInteger(text: string, bounds: Bounds = {}): Converted<number> {
  if (strip(text) === "") return { ok: true, value: null };
  const digits = numberText(text);
  if (!/^[+-]?\d+(?:_\d+)*$/.test(digits)) {
    return { ok: false, reason: `invalid literal for int() with base 10: '${text}'` };
  }
  return within(Number(digits.replaceAll("_", "")), bounds);
}

/** A FloatOpt's value, as Python's `float()` reads it. */
export function parseFloatingPoint(text: string, bounds: Bounds = {}): Converted<number> {
  if (strip(text) === "") return { ok: true, value: null };
  const number = numberText(text);
  const special = /^([+-]?)(?:(inf|infinity)|nan)$/i.exec(number);
  if (special) {
    const size = special[2] ? Number.POSITIVE_INFINITY : Number.NaN;
    return within(special[1] === "-" ? -size : size, bounds);
  }
  if (!/^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i.test(number)) {
    return { ok: false, reason: `could not convert string to float: '${text}'` };
  }
  return within(Number(number.replaceAll("_", "")), bounds);
}

/** A ListOpt's value: parts between commas without blanks around; empty ones stay, except at the end. */
export function parseList(text: string): string[] {
  const parts = strip(text).split(",");
  while (parts.at(-1) === "") parts.pop();
  return parts.map(strip);
}

/** A Dict's value, `key:value,key:value`. A part without a colon becomes part of the next one's key. */
export function parseDictionary(text: string): Converted<Record<string, string>> {
  const entries = new Map<string, string>();
  const parts = strip(text) === "" ? [] : strip(text).split(",");
  let open: string[] = [];
  for (const piece of parts) {
    open.push(piece);
    if (!piece.includes(":")) continue;
    const part = open.join(",");
    const colon = part.indexOf(":");
    open = [];
    const key = strip(part.slice(0, colon));
    if (key === "") return { ok: false, reason: "Key name should not be empty" };
    if (entries.has(key)) return { ok: false, reason: `Duplicate key ${key}` };
    entries.set(key, strip(part.slice(colon + 1)));
  }
  if (open.length > 0) return { ok: false, reason: 'Value should be NAME:VALUE pairs separated by ","' };
  return { ok: true, value: Object.fromEntries(entries) };
}

function within(value: number, { min, max }: Bounds): Converted<number> {
  if (min !== undefined && value < min) return { ok: false, reason: `Should be greater than or equal to ${min}` };
  if (max !== undefined && value > max) return { ok: false, reason: `Should be less than or equal to ${max}` };
  return { ok: true, value: value === 0 ? 0 : value };
}
