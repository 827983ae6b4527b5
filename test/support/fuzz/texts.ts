import * as fc from "fast-check";

/** The bytes of a text, as everything that a host prints is kept: one character a byte. */
export const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");

/** What readers of text stumble over, wherever it is: blanks of many kinds, ends of lines, bytes that are no text. */
export const odd: readonly string[] = [
  ..."\0\t\n\v\f\r\x1b\x1c\x1f \x7f\x80\x85\xa0\xad\xff\"'`\\$#;,:=[]{}()<>&|/-+_.%@!~*?^0189azAZ",
  "\r\n",
  "\n\n",
  ...["\u00a0", "\u0085", "\u2003", "\u2028", "\ufeff", "\u00df", "\u0130", "\u03a3", "\u0661", "\ud83d\ude00"].map(
    bytes,
  ),
  "\xc3",
  "\xed\xa0\x80",
];

/** Any text of pieces of some language, with odd ones between. */
export function noise(pieces: readonly string[], maxLength = 40): fc.Arbitrary<string> {
  const piece = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...pieces) }, fc.constantFrom(...odd));
  return fc.array(piece, { maxLength, size: "max" }).map((parts) => parts.join(""));
}

/** One change that a slip of an editor, a cut transfer or somebody malicious makes to a text. */
interface Slip {
  at: number;
  removed: number;
  inserted: string;
}

/** A text of those given, with some places changed. */
export function damaged(texts: fc.Arbitrary<string>, pieces: readonly string[], maxSlips = 4): fc.Arbitrary<string> {
  const slip: fc.Arbitrary<Slip> = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 200 })),
    inserted: fc.oneof(fc.constant(""), noise(pieces, 4)),
  });
  return fc.tuple(texts, fc.array(slip, { maxLength: maxSlips })).map(([text, slips]) =>
    slips.reduce((changed, { at, removed, inserted }) => {
      const start = Math.floor(at * changed.length);
      return changed.slice(0, start) + inserted + changed.slice(start + removed);
    }, text),
  );
}

/** A text cut into pieces, as it may arrive. */
export function inPieces(text: string, cuts: readonly number[]): string[] {
  const places = [...cuts.map((cut) => Math.floor(cut * text.length)), 0, text.length].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => text.slice(places[index], end));
}

/** Where to cut, as shares of the whole. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
