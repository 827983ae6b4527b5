import { applySplices, newlineBefore, type OptionEdit, type SetResult, type UndoResult } from "./edit";
import { undoLine } from "./undoLine";

/** One entry of fstab(5). */
export interface FstabEntry {
  source: string;
  /** In its plain form, however it is written. */
  mountPoint: string;
  type: string;
  options: string[];
  /** Position of its line, with its ending. */
  offset: number;
  length: number;
  /** The line without its ending. */
  raw: string;
}

/** Nothing else ends a line of fstab, neither for libmount nor for the C library. */
const lineEnding = /\n/;

/** The entries of a file in file order. Lines that libmount would pass over are no entries. */
export function parseFstab(text: string): FstabEntry[] {
  const entries: FstabEntry[] = [];
  for (let offset = 0; offset < text.length; ) {
    const newline = text.indexOf("\n", offset);
    const end = newline < 0 ? text.length : newline;
    const length = newline < 0 ? end - offset : end + 1 - offset;
    // An editor of another system may have written the file; libmount passes over that as well.
    const raw = text.slice(offset, text[end - 1] === "\r" && end > offset ? end - 1 : end);
    const fields = readLine(raw, newline >= 0);
    if (fields) entries.push({ ...fields, offset, length, raw });
    offset += length;
  }
  return entries;
}

/** The fields of a line; undefined for one that says nothing, or that libmount takes for broken. */
function readLine(
  raw: string,
  isEnded: boolean,
): Pick<FstabEntry, "source" | "mountPoint" | "type" | "options"> | undefined {
  const nul = raw.indexOf("\0");
  if (nul >= 0 && isEnded) return undefined;
  const line = nul < 0 ? raw : raw.slice(0, nul);
  const fields = /^[ \t]*([^ \t]+)[ \t]+([^ \t]+)[ \t]+([^ \t]+)(?:[ \t]+([^ \t]+)(?:[ \t]+([^ \t][\s\S]*))?)?/.exec(
    line,
  );
  const [, source, mountPoint, type, options = "defaults", numbers = ""] = fields ?? [];
  if (source === undefined || source.startsWith("#") || !areNumbers(numbers)) return undefined;
  return {
    source: decodeField(source),
    mountPoint: plainPath(decodeField(mountPoint!)),
    type: decodeField(type!),
    options: splitOptions(decodeField(options)),
  };
}

/** The fifth and sixth field, as libmount reads them with strtol(3): behind two numbers there may be anything. */
function areNumbers(text: string): boolean {
  const rest = behindNumber(text);
  return rest === "" || (rest !== undefined && behindNumber(rest) !== undefined);
}

/** What follows a number and blanks; undefined where there is no number, or more than blanks behind it. */
function behindNumber(text: string): string | undefined {
  const number = /^[\t-\r ]*[+-]?[0-9]+/.exec(text)?.[0] ?? "";
  const rest = text.slice(number.length);
  if (rest === "") return "";
  const isNumber = number !== "" && Math.abs(Number(number)) < 2 ** 63 && /^[ \t]/.test(rest);
  return isNumber ? rest.replace(/^[ \t]+/, "") : undefined;
}

/** As libmount splits them: a comma between quotation marks ends no option, and empty ones are none. */
function splitOptions(text: string): string[] {
  const options: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at <= text.length; at++) {
    const isEscaped = at > start && text[at - 1] === "\\";
    if (text[at] === '"' && !isEscaped) quoted = !quoted;
    if (at < text.length && (text[at] !== "," || quoted)) continue;
    if (at > start) options.push(text.slice(start, at));
    start = at + 1;
  }
  return options;
}

/** The line of an entry. Blanks in fields are written in octal, as fstab(5) has it. */
export function fstabLine(source: string, mountPoint: string, type: string, options: readonly string[]): string {
  return [
    encodeField(source),
    encodeField(mountPoint),
    encodeField(type),
    encodeField(options.join(",")),
    "0",
    "0",
  ].join(" ");
}

/** The line of an entry with another source and other options, and with the rest as somebody wrote it. */
export function withSource(entry: FstabEntry, source: string, options: readonly string[]): string {
  const words = entry.raw.split(/([ \t]+)/);
  const first = words[0] === "" ? 2 : 0;
  if (source !== entry.source) words[first] = encodeField(source);
  if (words[first + 6] === undefined || words[first + 6] === "")
    return `${words.slice(0, first + 5).join("")} ${encodeField(options.join(","))}`;
  words[first + 6] = encodeField(options.join(","));
  return words.join("");
}

/** Gives a mount point this line: in place of the entry that it has, else at the end. Every other byte stays. */
export function setEntry(text: string, path: string, mountPoint: string, line: string): SetResult {
  const present = entriesAt(text, mountPoint);
  const edit = { path, section: "", option: mountPoint, ours: [line], addedSection: false };
  const last = present.at(-1);
  if (last?.raw === line) return { splices: [], text, edit: undefined };
  if (last) {
    const splices = [{ offset: last.offset, length: last.raw.length, insert: line }];
    const siblings = present.slice(0, -1).map((entry) => entry.raw);
    const made = { ...edit, before: last.raw, siblings, addedNewline: false };
    return { splices, text: applySplices(text, splices), edit: made };
  }
  const newline = newlineBefore(text, text.length, lineEnding);
  const splices = [{ offset: text.length, length: 0, insert: `${newline.addedNewline ? "\n" : ""}${line}\n` }];
  const made: OptionEdit = { ...edit, before: null, siblings: [], ...newline };
  return { splices, text: applySplices(text, splices), edit: made };
}

/** Takes back what `setEntry` did, whatever else the file has become. */
export function undoEntry(text: string, edit: OptionEdit): UndoResult {
  return undoLine(text, edit, entriesAt(text, edit.option), () => undefined, lineEnding);
}

function entriesAt(text: string, mountPoint: string): FstabEntry[] {
  const plain = plainPath(mountPoint);
  return parseFstab(text).filter((entry) => entry.mountPoint === plain);
}

/** One form for all that libmount and systemd take for the same path: `//srv/./store/` is `/srv/store`. */
function plainPath(path: string): string {
  if (!path.startsWith("/")) return path;
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  return `/${names.join("/")}`;
}

/** Bytes in octal. A byte of 0 ends a text for whoever reads it in C. */
function decodeField(field: string): string {
  const bytes = field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
  );
  return bytes.split("\0", 1)[0]!;
}

/** Only what getmntent(3), with which systemd reads the file, knows in octal as libmount does; and a # where it starts a comment. */
function encodeField(field: string): string {
  return field.replace(/[ \t\n\\]|^#/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
