import { isUtf8 } from "node:buffer";
import { lower, splitLines, strip, stripEnd, stripStart } from "./pythonText";

interface Lines {
  offset: number;
  /** Whole lines, with their endings. */
  length: number;
  /** Number of the first line, from 1. */
  line: number;
}

/** `[section]` */
export interface Header extends Lines {
  kind: "header";
  /** The normalised name. */
  section: string;
}

/** `option = value` with its continuation lines. */
export interface Assignment extends Lines {
  kind: "assignment";
  /** The normalised name of the section it stands in. */
  section: string;
  option: string;
  /** As oslo.config has it before interpolation and conversion: stripped, one pair of quotes taken off, lines joined. */
  value: string;
  /** The lines without the ending of the last one. */
  raw: string;
}

/** A line that says nothing, or one (of a file that oslo.config refuses) that says nothing valid. */
export interface Filler extends Lines {
  kind: "comment" | "blank" | "broken";
}

/** A piece of a file. The pieces of a file follow each other without gap or overlap. */
export type Piece = Header | Assignment | Filler;

/** Why oslo.config (and so Nova) would refuse the whole file. */
export interface ParseFailure {
  /** Number of the offending line, from 1. */
  line: number;
  /** In oslo.config's words, where it has some. */
  reason: string;
  /** The offending line. */
  text: string;
}

/** One file as oslo.config reads it. `pieces` is complete even after a failure, as far as lines can be told apart. */
export interface OsloFile {
  path: string;
  text: string;
  pieces: readonly Piece[];
  failure: ParseFailure | undefined;
}

/** oslo.config compares section names in lower case, except that DEFAULT is itself and `[default]` another section. */
export function normaliseSection(name: string): string {
  return name === "DEFAULT" ? name : lower(name);
}

/** The assignments of a file in file order. */
export function assignmentsOf(file: OsloFile): Assignment[] {
  return file.pieces.filter((piece) => piece.kind === "assignment");
}

/** Reads one file as `oslo_config.iniparser` does. A character of `text` is a byte of the file. */
export function parseOsloFile(path: string, text: string): OsloFile {
  const pieces: Piece[] = [];
  let failure = undecodable(text);
  let section: string | undefined;
  let open: Assignment | undefined;

  for (const [index, line] of splitLines(text).entries()) {
    const content = stripEnd(text.slice(line.start, line.contentEnd));
    const lines = { offset: line.start, length: line.end - line.start, line: index + 1 };

    const continued = /^[ \t]/.test(content);
    if (continued && open) {
      open.value += `\n${stripStart(content)}`;
      open.length += lines.length;
      open.raw = text.slice(open.offset, line.contentEnd);
      continue;
    }
    const piece: Piece | string = continued ? "Unexpected continuation line" : readLine(content, section, lines);
    open = typeof piece !== "string" && piece.kind === "assignment" ? piece : undefined;
    if (typeof piece === "string") {
      failure ??= { line: lines.line, reason: piece, text: content };
      pieces.push({ kind: "broken", ...lines });
      continue;
    }
    if (piece.kind === "header") section = piece.section;
    if (piece.kind === "assignment") piece.raw = text.slice(line.start, line.contentEnd);
    pieces.push(piece);
  }
  return { path, text, pieces, failure };
}

/** A line that does not continue another one, or why it cannot be read. */
function readLine(content: string, section: string | undefined, lines: Lines): Piece | string {
  if (content === "") return { kind: "blank", ...lines };
  if (content.startsWith("[")) {
    if (!content.endsWith("]")) return "Invalid section (must end with ])";
    if (content.length <= 2) return "Empty section name";
    return { kind: "header", section: normaliseSection(content.slice(1, -1)), ...lines };
  }
  if (/^[#;]/.test(content)) return { kind: "comment", ...lines };
  const separator = content.search(/[:=]/);
  if (separator < 0) return "No ':' or '=' found in assignment";
  const option = strip(content.slice(0, separator));
  if (option === "") return "Key cannot be empty";
  if (section === undefined) return "Section must be started before assignment";
  return {
    kind: "assignment",
    section,
    option,
    value: unquote(strip(content.slice(separator + 1))),
    raw: content,
    ...lines,
  };
}

/** A single quote character is a pair with itself for oslo.config. */
function unquote(value: string): string {
  const quoted = (value.startsWith('"') || value.startsWith("'")) && value[0] === value.at(-1);
  return quoted ? value.slice(1, -1) : value;
}

/** Python decodes the whole file strictly before the first line is looked at; under systemd as UTF-8. */
function undecodable(text: string): ParseFailure | undefined {
  if (isUtf8(Buffer.from(text, "latin1"))) return undefined;
  const lines = splitLines(text).map((line) => text.slice(line.start, line.contentEnd));
  const index = lines.findIndex((line) => !isUtf8(Buffer.from(line, "latin1")));
  return { line: index + 1, reason: "not valid UTF-8", text: lines[index]! };
}
