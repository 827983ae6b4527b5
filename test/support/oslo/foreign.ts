import * as fc from "fast-check";
import type { SetResult } from "../../../provider/core/files/edit";
import { parseOsloFile } from "../../../provider/core/files/osloConfig";

/** What somebody else does to a file: at the top, at the end, or behind or with one of its pieces. */
export interface ForeignEdit {
  kind: "prepend" | "append" | "insert" | "delete";
  /** Chooses the piece. */
  at: number;
}

export const foreignEdits: fc.Arbitrary<ForeignEdit> = fc.record({
  kind: fc.constantFrom("prepend", "append", "insert", "delete"),
  at: fc.nat({ max: 50 }),
});

/**
 * The same foreign edit on the text with our edit and on the one without. Pieces are looked for from the top or from the
 * end, whichever side of our lines they are on.
 */
export function foreignEdit(edit: ForeignEdit, edited: string, original: string, ours: SetResult): [string, string] {
  const both = (change: (text: string) => string): [string, string] => [change(edited), change(original)];
  if (edit.kind === "prepend") return both((text) => `# foreign\n${text}`);
  if (edit.kind === "append") {
    const ending = ours.edit!.addedNewline ? /^(?:\r\n|\r|\n)/.exec(ours.splices[0]!.insert)![0] : "\n";
    return both((text) => `${text}${text === "" || /[\r\n]$/.test(text) ? "" : ending}[foreign]\nx = 1\n`);
  }

  const { section, option } = ours.edit!;
  const pieces = parseOsloFile("", original).pieces.filter((piece) => {
    const text = original.slice(piece.offset, piece.offset + piece.length);
    const isOption = piece.kind === "assignment" && piece.section === section && piece.option === option;
    return !isOption && piece.kind !== "header" && /[\r\n]$/.test(text);
  });
  const piece = pieces[edit.at % Math.max(1, pieces.length)];
  if (!piece) return [edited, original];
  const end = piece.offset + piece.length;
  const fromTop = sharedPrefix(edited, original) >= end;
  const shift = fromTop ? 0 : edited.length - original.length;
  if (!fromTop && sharedSuffix(edited, original) < original.length - piece.offset) return [edited, original];
  const change = (text: string, moved: number) =>
    edit.kind === "insert"
      ? `${text.slice(0, end + moved)}# foreign\n${text.slice(end + moved)}`
      : text.slice(0, piece.offset + moved) + text.slice(end + moved);
  return [change(edited, shift), change(original, 0)];
}

function sharedPrefix(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}

function sharedSuffix(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one.at(-1 - length) === other.at(-1 - length)) length++;
  return length;
}
