import { bytesOf, textOf } from "./bytes";

/**
 * oslo.config works on decoded text, we on bytes (latin1 strings): what Python's `str` methods do to UTF-8 text, on its bytes.
 * UTF-8 synchronises by itself, so the bytes of a blank can be looked for without decoding what is around them.
 */

const lastBlank =
  /(?:[\t-\r\x1c-\x20]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)$/;
const leadingBlanks =
  /^(?:[\t-\r\x1c-\x20]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)*/;

/** `str.rstrip()`. */
export function stripEnd(text: string): string {
  let end = text.length;
  for (;;) {
    const blank = lastBlank.exec(text.slice(Math.max(0, end - 3), end));
    if (!blank) return text.slice(0, end);
    end -= blank[0].length;
  }
}

/** `str.lstrip()`. */
export function stripStart(text: string): string {
  return text.slice(leadingBlanks.exec(text)![0].length);
}

/** `str.strip()`. */
export function strip(text: string): string {
  return stripStart(stripEnd(text));
}

/** `str.lower()`. */
export function lower(text: string): string {
  if (!/[^\x00-\x7f]/.test(text)) return text.toLowerCase();
  return bytesOf(textOf(text).toLowerCase());
}

/**
 * What `int()` and `float()` see of a text: blanks and digits of all scripts as those of ASCII. Blanks around it are off, but
 * for the four of ASCII that only `str.strip()` knows.
 */
export function numberText(text: string): string {
  const ascii = textOf(text)
    .replace(/[\x85\p{Zs}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/[^\x00-\x7f]/gu, digit);
  let end = ascii.length;
  while (/[\t-\r ]/.test(ascii[end - 1] ?? "")) end--;
  return ascii.slice(0, end).replace(/^[\t-\r ]+/, "");
}

/** The digits of a script stand together, from 0 to 9; some scripts have several such rows, one behind the other. */
function digit(character: string): string {
  const code = character.codePointAt(0)!;
  let before = 0;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(code - before))) before++;
  return before === 0 ? character : String((before - 1) % 10);
}

/** One line of a text: where it starts, where its ending starts, where the next one starts. */
export interface Line {
  start: number;
  contentEnd: number;
  end: number;
}

/** Lines as Python's text mode finds them (universal newlines): a lone carriage return ends a line too. */
export function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  const ending = /\r\n|\r|\n/g;
  let start = 0;
  for (let match = ending.exec(text); match; match = ending.exec(text)) {
    lines.push({ start, contentEnd: match.index, end: ending.lastIndex });
    start = ending.lastIndex;
  }
  if (start < text.length) lines.push({ start, contentEnd: text.length, end: text.length });
  return lines;
}
