/** Replace `length` bytes at `offset` by `insert`. Splices of one list apply one after the other, each to the text the one before left. */
export interface Splice {
  offset: number;
  length: number;
  insert: string;
}

/** The text after all splices. One character is one byte (a latin1 string), so offsets are byte offsets. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let result = text;
  for (const { offset, length, insert } of splices) {
    if (offset < 0 || length < 0 || offset + length > result.length) {
      throw new RangeError(`cannot replace ${length} bytes at ${offset} in a text of ${result.length} bytes`);
    }
    result = result.slice(0, offset) + insert + result.slice(offset + length);
  }
  return result;
}

/** The splices that turn `applySplices(text, splices)` back into `text`, byte for byte. */
export function invertSplices(text: string, splices: readonly Splice[]): Splice[] {
  const inverse: Splice[] = [];
  let before = text;
  for (const splice of splices) {
    const removed = before.slice(splice.offset, splice.offset + splice.length);
    inverse.unshift({ offset: splice.offset, length: splice.insert.length, insert: removed });
    before = applySplices(before, [splice]);
  }
  return inverse;
}

/** What an edit brought into a file beside the line itself, and what therefore goes when nothing needs it any more. */
export interface Scaffold {
  /** We wrote the section header too. */
  addedSection: boolean;
  /** The last line of the file had no line ending; we gave it one. */
  addedNewline: boolean;
  /** That last line, and how many like it there were: it may have been changed, or moved away from the end, since. */
  lastLine?: { text: string; count: number };
}

/**
 * What we did to one option in one file; kept on the host, so plain JSON. Enough to take it back when the rest of the file
 * has moved on. Raw texts are whole lines without the ending of their last line: an edit never touches that one, and an
 * editor or dos2unix may have changed it since.
 */
export interface OptionEdit extends Scaffold {
  path: string;
  /** Normalised section name; "" for a file without sections. */
  section: string;
  option: string;
  /** The entry that we added to an option that may be given several times; each of those is an edit of its own. */
  entry?: string;
  /** Raw text of the assignment that we replaced, null if there was none. */
  before: string | null;
  /** Every raw text that we wrote or may have written there, the newest first (a cut apply may have left an older one). */
  ours: string[];
  /** Raw texts of the option's other assignments in that section when we first came; not ours, even where they look alike. */
  siblings: string[];
}

/** What ends a line for Python and for libvirt. */
export const anyEnding = /\r\n|\r|\n/;

/**
 * Whether an insertion at an offset, which is the start of a line, has to end the line before it first.
 *
 * @param ending what ends a line for those who read the file.
 */
export function newlineBefore(
  text: string,
  offset: number,
  ending = anyEnding,
): Pick<Scaffold, "addedNewline" | "lastLine"> {
  const lines = text.slice(0, offset).split(ending);
  const last = lines.at(-1)!;
  if (last === "") return { addedNewline: false };
  return { addedNewline: true, lastLine: { text: last, count: lines.filter((line) => line === last).length } };
}

/** What setting an option does to a file. */
export interface SetResult {
  /** Empty when the file already says so. */
  splices: Splice[];
  text: string;
  /** What to remember so that it can be taken back; undefined when nothing was changed. */
  edit: OptionEdit | undefined;
}

/**
 * What taking back an edit does to a file.
 *
 * - `restored`: our line is gone, or is what it was before us.
 * - `already`: the option is as it was before us; nothing to do.
 * - `changed`: somebody else changed or removed our line; everything is left as it is.
 */
export interface UndoResult {
  splices: Splice[];
  text: string;
  outcome: "restored" | "already" | "changed";
  /** The raw text of the assignment that counts, where it is neither ours nor what was there before us. */
  found?: string;
  /** The header or line ending that we once added and that others' lines need now: for `takeOver` of an edit that remains. */
  left?: Scaffold & { path: string; section: string };
}

/**
 * Two edits of the same option as one: what was there before the first, everything that we may have written since.
 * Undefined when the option is back at what it was before us, so that there is nothing to remember (forget the first edit
 * only once that is really on the disk).
 */
export function composeEdit(existing: OptionEdit | undefined, next: OptionEdit): OptionEdit | undefined {
  const first = existing ?? next;
  if (!isSameOption(first, next)) {
    throw new RangeError(
      `cannot combine edits of ${describe(first)} in ${first.path} and of ${describe(next)} in ${next.path}`,
    );
  }
  if (first.before !== null && next.ours[0] === first.before) return undefined;
  return {
    ...withNewline(first, next),
    ours: [...new Set([...next.ours, ...first.ours])],
    siblings: [...first.siblings],
    addedSection: first.addedSection || next.addedSection,
  };
}

/** True if both are about the same option in the same file, and the same entry of it. */
export function isSameOption(one: OptionEdit, other: OptionEdit): boolean {
  return (
    one.path === other.path && one.section === other.section && one.option === other.option && one.entry === other.entry
  );
}

/** Gives a remaining edit of the same file the care for what an undone one had to leave (see `UndoResult.left`). */
export function takeOver(edit: OptionEdit, left: NonNullable<UndoResult["left"]>): OptionEdit {
  if (edit.path !== left.path || edit.before !== null) return edit;
  const addedSection = edit.addedSection || (left.addedSection && edit.section === left.section);
  return { ...withNewline(edit, left), addedSection };
}

function withNewline(edit: OptionEdit, other: Scaffold): OptionEdit {
  if (edit.addedNewline || !other.addedNewline) return { ...edit };
  return { ...edit, addedNewline: true, ...(other.lastLine === undefined ? {} : { lastLine: other.lastLine }) };
}

function describe(edit: OptionEdit): string {
  return edit.section === "" ? edit.option : `[${edit.section}] ${edit.option}`;
}
