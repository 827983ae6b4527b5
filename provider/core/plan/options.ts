import type { HostFacts } from "../facts/hostFacts";
import type { ObjectRecord, PendingRecord } from "../facts/journal";
import { composeEdit, isSameOption, type OptionEdit, type SetResult, takeOver, type UndoResult } from "../files/edit";
import { setEntry, undoEntry } from "../files/fstab";
import { addEntry, setOption as setOsloOption, undoOption as undoOsloOption } from "../files/osloConfig";
import { setOption as setQemuOption, undoOption as undoQemuOption } from "../files/qemuConf";
import { FileChanges } from "./fileChanges";

/** An option that must have a value. */
export interface WantedOption {
  /** The file to write to if the option must be changed: the one that is effective today. */
  path: string;
  /** "" in a file without sections. */
  section: string;
  option: string;
  /** For an option that may be given several times: the entry that it must have. Entries of others stay. */
  entry?: string;
  value: string;
  /** What is effective today, for the message; undefined where the default counts. */
  now: string | undefined;
  /** True if what is effective today means the same as `value`. */
  isRight: boolean;
}

export type PendingEdit = PendingRecord["edits"][number];

/** What setting some options and taking back others comes to. */
export interface OptionPlan {
  changes: FileChanges;
  /** Our edits as they must be remembered while the files change: nothing that is still in a file is forgotten. */
  during: OptionEdit[];
  /** Our edits once the files are changed. */
  after: OptionEdit[];
  /** The way back from what this plan does. */
  pending: PendingEdit[];
  /** Lines of ours that somebody else changed, and that are therefore left. */
  left: string[];
}

/** Sets `wanted`, and takes back every recorded edit of this object that is not wanted any more. */
export function planOptions(
  facts: HostFacts,
  object: string,
  record: ObjectRecord | undefined,
  wanted: readonly WantedOption[],
): OptionPlan {
  const changes = FileChanges.on(facts);
  const plan: OptionPlan = {
    changes,
    during: [...(record?.edits ?? [])],
    after: [...(record?.edits ?? [])],
    pending: [],
    left: [],
  };
  for (const edit of [...plan.after].reverse()) {
    const still = wanted.find((each) => isAbout(each, edit));
    // An entry of ours that does not count any more, since others wrote one after it, moves behind theirs.
    if (!still || (edit.entry !== undefined && !still.isRight)) undo(plan, object, edit);
  }
  for (const each of wanted) if (!each.isRight) set(plan, object, each);
  return plan;
}

function isAbout(wanted: WantedOption, edit: OptionEdit): boolean {
  return wanted.section === edit.section && wanted.option === edit.option && wanted.entry === edit.entry;
}

function set(plan: OptionPlan, object: string, wanted: WantedOption): void {
  const { path, section, option, value } = wanted;
  const { splices, edit } = setInFile(plan.changes.text(path) ?? "", path, section, option, value, wanted.entry);
  if (!edit) return;
  const was = wanted.now === undefined ? "was not set" : `was ${wanted.now}`;
  const line = isFstab(path)
    ? `set in ${path}: ${value}`
    : edit.entry !== undefined
      ? `add ${optionName(edit)} in ${path}`
      : `set ${optionName(edit)} = ${value} (${was}) in ${path}`;
  plan.changes.apply(edit, splices, line);
  const at = plan.after.findIndex((each) => isSameOption(each, edit));
  const existing = plan.after[at];
  const composed = composeEdit(existing, edit);
  // The union of what we wrote before and write now, until the new text is surely on the disk.
  const remembered = composed ?? { ...existing!, ours: [...edit.ours, ...existing!.ours] };
  plan.during = replaceEdit(plan.during, remembered);
  plan.after = composed ? replaceEdit(plan.after, composed) : plan.after.filter((each) => each !== existing);
  plan.pending.push({ object, action: "set", edit });
}

function undo(plan: OptionPlan, object: string, edit: OptionEdit): void {
  const text = plan.changes.text(edit.path);
  plan.after = plan.after.filter((each) => each !== edit);
  if (text === undefined) return;
  const result = undoInFile(text, edit);
  if (result.outcome === "changed") {
    plan.left.push(
      `left ${optionName(edit)} in ${edit.path}: somebody else changed it${result.found ? ` to: ${result.found}` : ""}`,
    );
  }
  if (result.left) plan.after = plan.after.map((each) => takeOver(each, result.left!));
  if (result.outcome !== "restored") return;
  const line = isFstab(edit.path)
    ? `take back in ${edit.path}: ${edit.ours[0]}`
    : edit.before === null
      ? `remove ${optionName(edit)} from ${edit.path}`
      : `restore ${optionName(edit)} in ${edit.path} (${edit.before.trim()})`;
  plan.changes.apply(edit, result.splices, line);
  plan.pending.push({ object, action: "undone", edit });
}

/** Goes back along pending edits, newest first, and says what each object's record becomes. */
export function planReturn(
  changes: FileChanges,
  pending: readonly PendingEdit[],
  records: ReadonlyMap<string, readonly OptionEdit[]>,
): Map<string, OptionEdit[]> {
  const result = new Map([...records].map(([object, edits]) => [object, [...edits]]));
  for (const { object, action, edit } of [...pending].reverse()) {
    const text = changes.text(edit.path);
    if (text === undefined) continue;
    if (action === "undone" && edit.entry !== undefined && undoInFile(text, edit).outcome === "restored") continue;
    const edits = result.get(object) ?? [];
    const current = edits.find((each) => isSameOption(each, edit));
    if (action === "set") {
      const { splices, outcome } = undoInFile(text, edit);
      if (outcome === "changed") continue;
      changes.apply(edit, splices, `take back ${optionName(edit)} in ${edit.path}`);
      result.set(object, current ? rewind(edits, current, edit) : edits);
    } else {
      const value = writtenValue(edit);
      const again = setInFile(text, edit.path, edit.section, edit.option, value, edit.entry);
      changes.apply(edit, again.splices, `put back ${optionName(edit)} in ${edit.path}`);
      const ours = [...new Set([...(again.edit?.ours ?? []), ...edit.ours])];
      result.set(object, replaceEdit(edits, { ...edit, ours }));
    }
  }
  return result;
}

/** What we remember of an option after it went back to what it was before `latest`. */
function rewind(edits: readonly OptionEdit[], current: OptionEdit, latest: OptionEdit): OptionEdit[] {
  if (latest.before === current.before) return edits.filter((each) => each !== current);
  return replaceEdit(edits, { ...current, ours: [...new Set([latest.before!, ...current.ours])] });
}

/** Two rounds of pending edits as one: the way back leads to where the services run, so the first round decides. */
export function composePending(first: readonly PendingEdit[], next: readonly PendingEdit[]): PendingEdit[] {
  let result = [...first];
  for (const entry of next) {
    const existing = result.find((each) => each.object === entry.object && isSameOption(each.edit, entry.edit));
    if (!existing) result.push(entry);
    else if (existing.action === "set" && entry.action === "set") {
      const composed = composeEdit(existing.edit, entry.edit);
      result = result.flatMap((each) => (each !== existing ? [each] : composed ? [{ ...each, edit: composed }] : []));
    } else if (existing.action === "set" && existing.edit.before === entry.edit.before) {
      result = result.filter((each) => each !== existing);
    }
  }
  return result;
}

function replaceEdit(edits: readonly OptionEdit[], edit: OptionEdit): OptionEdit[] {
  const at = edits.findIndex((each) => isSameOption(each, edit));
  return at < 0 ? [...edits, edit] : edits.with(at, edit);
}

function optionName(edit: OptionEdit): string {
  const entry = edit.entry === undefined ? "" : ` = ${edit.entry}`;
  return edit.section === "" ? edit.option : `[${edit.section}] ${edit.option}${entry}`;
}

const isQemuConf = (path: string) => path.endsWith("/qemu.conf");

const isFstab = (path: string) => path === "/etc/fstab";

function setInFile(
  text: string,
  path: string,
  section: string,
  option: string,
  value: string,
  entry: string | undefined,
): SetResult {
  if (isFstab(path)) return setEntry(text, path, option, value);
  if (entry !== undefined) return addEntry(text, path, section, option, value);
  return isQemuConf(path)
    ? setQemuOption(text, path, option, value)
    : setOsloOption(text, path, section, option, value);
}

function undoInFile(text: string, edit: OptionEdit): UndoResult {
  if (isFstab(edit.path)) return undoEntry(text, edit);
  if (edit.entry !== undefined) {
    // Beside others' entries, one of ours that is gone is simply gone.
    const undone = undoOsloOption(text, edit);
    return undone.outcome === "changed" ? { ...undone, outcome: "already" } : undone;
  }
  return isQemuConf(edit.path) ? undoQemuOption(text, edit) : undoOsloOption(text, edit);
}

/** The value in a line that we once wrote. */
function writtenValue(edit: OptionEdit): string {
  const value = edit.ours[0]!.replace(/^[^=:]*[=:]\s*/, "");
  return value.replace(/^"(.*)"$/, "$1");
}
