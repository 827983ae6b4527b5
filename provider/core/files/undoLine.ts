import { anyEnding, applySplices, type OptionEdit, type Splice, type UndoResult } from "./edit";

/** An assignment as far as taking one back is concerned. */
export interface PlacedLine {
  offset: number;
  /** Whole lines, with their endings. */
  length: number;
  /** The lines without the ending of the last one. */
  raw: string;
}

/**
 * Takes back one edit of a text, given the option's assignments that are in the text now, the one that counts
 * last.
 *
 * @param ownHeader The header that would be left with nothing under it once that assignment is gone.
 * @param lineEnding What ends a line for those who read the file.
 */
export function undoLine<T extends PlacedLine>(
  text: string,
  edit: OptionEdit,
  present: readonly T[],
  ownHeader: (line: T) => { offset: number; length: number } | undefined,
  lineEnding = anyEnding,
): UndoResult {
  const line = ourLine(edit, present);
  const last = present.at(-1)?.raw;
  if (!line) {
    const asBefore = edit.before === null ? present.length === 0 : isExtra(edit, present, edit.before);
    const outcome = asBefore ? "already" : "changed";
    return { splices: [], text, outcome, ...(last !== undefined && !asBefore ? { found: last } : {}) };
  }

  // A later line of somebody else's is theirs; ours goes all the same.
  const found = last === line.raw ? {} : { found: last! };
  if (edit.before !== null) {
    const splices = [{ offset: line.offset, length: line.raw.length, insert: edit.before }];
    return { splices, text: applySplices(text, splices), outcome: "restored", ...found };
  }

  const header = edit.addedSection ? ownHeader(line) : undefined;
  const splices: Splice[] = [{ offset: line.offset, length: line.length, insert: "" }];
  if (header) splices.push({ offset: header.offset, length: header.length, insert: "" });
  const without = applySplices(text, splices);
  // Under a header that stays, what ends the text is another line's ending.
  const endsThere = without.length === (edit.addedSection ? header : line)?.offset;
  const newline = endsThere ? addedNewline(edit, without, lineEnding) : undefined;
  if (newline) splices.push(newline);

  const left = {
    path: edit.path,
    section: edit.section,
    addedSection: edit.addedSection && !header,
    addedNewline: edit.addedNewline && !newline,
    ...(edit.lastLine === undefined ? {} : { lastLine: edit.lastLine }),
  };
  const result: UndoResult = { splices, text: applySplices(text, splices), outcome: "restored", ...found };
  return left.addedSection || left.addedNewline ? { ...result, left } : result;
}

/**
 * Removes the line ending that we added at the end of what is left of the text. It is not that one if the line that had none
 * is there, but no longer the last.
 */
function addedNewline(edit: OptionEdit, without: string, lineEnding: RegExp): Splice | undefined {
  const ending = new RegExp(`(?:${lineEnding.source})$`).exec(without.slice(-2));
  if (!edit.addedNewline || !ending) return undefined;
  const offset = without.length - ending[0].length;
  const lines = without.slice(0, offset).split(lineEnding);
  const alike = lines.filter((each) => each === edit.lastLine?.text).length;
  const moved = edit.lastLine !== undefined && lines.at(-1) !== edit.lastLine.text && alike >= edit.lastLine.count;
  return moved ? undefined : { offset, length: ending[0].length, insert: "" };
}

/**
 * The assignment that is ours. The line that we replace is the one that counts, the last; where we had to add one, whatever
 * is there beside it came later.
 */
function ourLine<T extends PlacedLine>(edit: OptionEdit, present: readonly T[]): T | undefined {
  const extra = new Set(edit.ours.filter((raw) => isExtra(edit, present, raw)));
  const ours = present.filter(({ raw }) => extra.has(raw));
  return edit.before === null ? ours[0] : ours.at(-1);
}

/** True if there are more lines of that very text than others had already. */
function isExtra(edit: OptionEdit, present: readonly PlacedLine[], raw: string): boolean {
  const others = edit.siblings.filter((sibling) => sibling === raw).length;
  return present.filter((line) => line.raw === raw).length > others;
}
