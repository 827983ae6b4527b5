import { textOf } from "./files/bytes";

// A host can print what it likes. What we show of it must not move the reader's cursor, set the window's title, or make
// text read in another order than it stands.

/** CSI, then OSC/DCS/APC/PM/SOS up to their end (or the end of the text), then two-character escapes. */
const ESCAPE_SEQUENCES =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[\s\S]*?(?:\u0007|\u001b\\|\u009c|$)|\u001b[ -/]*[0-~]?/g;

/** C0 without tab and line feed, DEL, C1, and the characters that change the direction of text or hide it. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text without terminal escapes and control characters. A progress bar's carriage returns become line ends. */
export function sanitize(text: string): string {
  return text.replace(ESCAPE_SEQUENCES, "").replace(/\r\n?/g, "\n").replace(CONTROLS, "");
}

/** Longer texts are none that anybody reads. */
const longest = 4000;

/**
 * What may be shown of a text that can have parts of a host's own: names of guests and files, lines of fstab. Hosts are
 * read one character a byte, so what is UTF-8 becomes that again.
 */
export function readable(text: string): string {
  const decoded = text.replace(/[\u0080-\u00ff]{2,}/g, (bytes) => {
    const characters = textOf(bytes);
    return characters.includes("\ufffd") ? bytes : characters;
  });
  const clean = sanitize(decoded);
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}

/** The same on one line, so that nothing in it can pass for a line of ours. */
export function readableLine(text: string): string {
  return readable(text).replace(/\s*\n\s*/g, " ");
}
