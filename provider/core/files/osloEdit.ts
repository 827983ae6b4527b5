import { isUtf8 } from "node:buffer";
import { applySplices, newlineBefore, type OptionEdit, type SetResult, type Splice, type UndoResult } from "./edit";
import {
  type Assignment,
  assignmentsOf,
  type Header,
  normaliseSection,
  type OsloFile,
  parseOsloFile,
} from "./osloParse";
import { splitLines, strip } from "./pythonText";
import { undoLine } from "./undoLine";

/**
 * Makes `text` say `option = value` in a section: in place of the section's last assignment of it (the one that counts for
 * oslo.config), else directly after the section's first header, else in a new section at the end. Every other byte stays.
 *
 * @throws RangeError if oslo.config would not read back that very value, or does not accept the file as it is.
 */
export function setOption(
  text: string,
  path: string,
  section: string,
  option: string,
  value: string,
  eol?: string,
): SetResult {
  const file = readable(path, text);
  const { escaped, written } = encodeValue(value);
  const name = checkedSection(section);
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(option)) throw new RangeError(`${JSON.stringify(option)} is no option name`);

  const edit = { path, section: name, option };
  const present = assignmentsIn(file, name, option);
  const last = present.at(-1);
  if (last) {
    if (last.value === escaped) return { splices: [], text, edit: undefined };
    const raw = firstPart(last) + written;
    const splices = [{ offset: last.offset, length: last.raw.length, insert: raw }];
    const siblings = present.slice(0, -1).map((assignment) => assignment.raw);
    return done(splices, {
      ...edit,
      before: last.raw,
      siblings,
      ours: [raw],
      addedSection: false,
      addedNewline: false,
    });
  }

  const raw = written === "" ? `${option} =` : `${option} = ${written}`;
  const { splice, ...added } = newLine(text, file, name, raw, eol);
  return done([splice], { ...edit, ...added, before: null, siblings: [], ours: [raw] });

  function done(splices: Splice[], made: OptionEdit): SetResult {
    return { splices, text: applySplices(text, splices), edit: made };
  }
}

/**
 * Adds one more `option = value` of an option that may be given several times (oslo.config's MultiOpt): after the section's
 * last one, so that it comes after everything that the file has of it, else where `setOption` would put it. What
 * others have of the option stays.
 *
 * @throws RangeError as `setOption` does.
 */
export function addEntry(text: string, path: string, section: string, option: string, value: string): SetResult {
  const file = readable(path, text);
  const { written } = encodeValue(value);
  const name = checkedSection(section);
  const present = assignmentsIn(file, name, option);
  const raw = `${option} = ${written}`;
  const { splice, ...added } = newLine(text, file, name, raw, undefined, present.at(-1));
  const siblings = present.map((assignment) => assignment.raw);
  const edit = { path, section: name, option, entry: value, before: null, siblings, ours: [raw], ...added };
  return { splices: [splice], text: applySplices(text, [splice]), edit };
}

/** A line after a piece of the file, else directly after the section's first header, else in a new section at the end. */
function newLine(text: string, file: OsloFile, section: string, raw: string, eol?: string, after?: Assignment) {
  const header = file.pieces.find((piece) => piece.kind === "header" && piece.section === section);
  const place = after ?? header;
  const offset = place ? place.offset + place.length : text.length;
  const ending = eol ?? endingAt(text, offset);
  const newline = newlineBefore(text, offset);
  const insert = (newline.addedNewline ? ending : "") + (header ? "" : `[${section}]${ending}`) + raw + ending;
  return { splice: { offset, length: 0, insert }, addedSection: header === undefined, ...newline };
}

/**
 * Takes back what `setOption` did, whatever else the file has become. Works on a file that oslo.config refuses, too: what
 * others broke is no reason to leave our line in it. Undo the edits of one file in reverse order.
 */
export function undoOption(text: string, edit: OptionEdit): UndoResult {
  const file = parseOsloFile(edit.path, text);
  const present = assignmentsIn(file, edit.section, edit.option);
  return undoLine(text, edit, present, (assignment) => ownHeader(file, assignment));
}

/** The header of an assignment, if nothing but that assignment and blank lines lives under it. */
function ownHeader(file: OsloFile, assignment: Assignment): Header | undefined {
  const at = file.pieces.indexOf(assignment);
  const header = file.pieces[at - 1];
  const next = file.pieces.slice(at + 1).find((piece) => piece.kind !== "blank");
  if (header?.kind !== "header" || (next && next.kind !== "header")) return undefined;
  return header;
}

function assignmentsIn(file: OsloFile, section: string, option: string): Assignment[] {
  return assignmentsOf(file).filter((assignment) => assignment.section === section && assignment.option === option);
}

function readable(path: string, text: string): OsloFile {
  const file = parseOsloFile(path, text);
  if (file.failure) {
    throw new RangeError(
      `${path} is not a file that oslo.config reads: line ${file.failure.line}, ${file.failure.reason}`,
    );
  }
  return file;
}

function checkedSection(section: string): string {
  if (!/^[\x21-\x5a\x5c\x5e-\x7e]+$/.test(section))
    throw new RangeError(`${JSON.stringify(section)} is no section name`);
  return normaliseSection(section);
}

/** What stands before the value, in the style of the line that is there; with one blank where there was nothing at all. */
function firstPart(assignment: Assignment): string {
  const first = assignment.raw.split(/[\r\n]/, 1)[0]!;
  const [part, separatorBlank] = /^[^:=]*?([ \t]*)[:=][ \t]*/.exec(first)!;
  return part === first.trimEnd() && separatorBlank !== "" ? `${part} ` : part;
}

/** The line ending in use just before an offset; where there is none yet, the first one of the file. */
function endingAt(text: string, offset: number): string {
  const before = /(\r\n|\r|\n)$/.exec(text.slice(0, offset));
  if (before) return before[1]!;
  const line = splitLines(text).find(({ contentEnd, end }) => end > contentEnd);
  return line ? text.slice(line.contentEnd, line.end) : "\n";
}

/** A value as oslo.config holds it before interpolation, and as it is written after the separator. */
function encodeValue(value: string): { escaped: string; written: string } {
  const shown = JSON.stringify(value);
  if (/[^\x00-\xff]/.test(value) || !isUtf8(Buffer.from(value, "latin1"))) {
    throw new RangeError(`the value ${shown} is not the bytes of a UTF-8 text`);
  }
  if (/[\0\r\n]/.test(value)) throw new RangeError(`the value ${shown} does not fit on one line`);
  // oslo.config turns `\$` into `$$` before anything else, so that a backslash before a dollar cannot be written at all.
  if (value.includes("\\$")) throw new RangeError(`oslo.config cannot express a backslash before a dollar: ${shown}`);
  const escaped = value.replaceAll("$", "$$$$");
  const altered = strip(escaped) !== escaped || (/^["']/.test(escaped) && escaped[0] === escaped.at(-1));
  return { escaped, written: altered ? `"${escaped}"` : escaped };
}
