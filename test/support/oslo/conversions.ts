import * as fc from "fast-check";
import {
  parseDictionary,
  parseFloat as parseFloatingPoint,
  parseInteger,
  parseList,
} from "../../../provider/core/files/osloConfig";
import { bytes, odd } from "../fuzz/texts";
import type { OsloConversion } from "./oracle";
import { decode } from "./ours";

/** Only text that is UTF-8 gets so far: the file as a whole is refused otherwise. */
const oddText = fc.constantFrom(...odd.filter((each) => bytes(decode(each)) === each));

const number = [..."0123456789+-._eE", "inf", "nan", "infinity", "NaN", "1e3", " ", "\t", "\x1f", bytes("\u00a0")];
const words = [..."abc,:;'\" ", ",,", "a:b", "key:value", "[", "]", "$"];
const text = (pieces: readonly string[], odds: number) =>
  fc
    .array(fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...pieces) }, { weight: odds, arbitrary: oddText }), {
      maxLength: 8,
    })
    .map((parts) => parts.join(""));
/** Texts of options, and what they are to be read as. */
export const conversions: fc.Arbitrary<OsloConversion> = fc.oneof(
  fc.record({ type: fc.constantFrom("integer" as const, "float" as const), text: text(number, 1) }),
  fc.record({ type: fc.constantFrom("list" as const, "dictionary" as const), text: text(words, 2) }),
);

/** What we make of it. */
export function converted({ type, text }: OsloConversion): { value: unknown } | { error: string } {
  if (type === "list") return { value: parseList(text).map(decode) };
  const result =
    type === "integer"
      ? parseInteger(text, { min: 0 })
      : type === "float"
        ? parseFloatingPoint(text, { min: 0 })
        : parseDictionary(text);
  if (!result.ok) return { error: result.reason };
  // As text on both sides, since JSON knows neither infinity nor the lack of a number.
  if (type === "float") return { value: result.value === null ? null : String(result.value) };
  if (type === "dictionary") {
    const entries = Object.entries(result.value as Record<string, string>);
    return { value: Object.fromEntries(entries.map((entry) => entry.map(decode))) };
  }
  return { value: result.value };
}
