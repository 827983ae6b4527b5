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

/** The entries of a file in file order. Lines that libmount would pass over are no entries. */
export function parseFstab(text: string): FstabEntry[] {
  const entries: FstabEntry[] = [];
  for (const match of text.matchAll(/([^\n]*)(\n|$)/g)) {
    // An editor of another system may have written the file; libmount passes over that as well.
    const raw = match[1]!.replace(/\r$/, "");
    const line = raw.replace(/^[ \t]+|[ \t]+$/g, "");
    const words = line.split(/[ \t]+/);
    if (line === "" || line.startsWith("#") || words.length < 3) continue;
    const [source, mountPoint, type, options] = words as [string, string, string, string | undefined];
    entries.push({
      source: decodeField(source),
      mountPoint: plainPath(decodeField(mountPoint)),
      type: decodeField(type),
      options: decodeField(options ?? "defaults").split(","),
      offset: match.index,
      length: match[0].length,
      raw,
    });
  }
  return entries;
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
    return `${words.join("").trimEnd()} ${encodeField(options.join(","))}`;
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
  const newline = newlineBefore(text, text.length);
  const splices = [{ offset: text.length, length: 0, insert: `${newline.addedNewline ? "\n" : ""}${line}\n` }];
  const made: OptionEdit = { ...edit, before: null, siblings: [], ...newline };
  return { splices, text: applySplices(text, splices), edit: made };
}

/** Takes back what `setEntry` did, whatever else the file has become. */
export function undoEntry(text: string, edit: OptionEdit): UndoResult {
  return undoLine(text, edit, entriesAt(text, edit.option), () => undefined);
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

function decodeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function encodeField(field: string): string {
  return field.replace(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
