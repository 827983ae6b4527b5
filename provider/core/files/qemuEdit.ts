import { applySplices, newlineBefore, type OptionEdit, type SetResult, type Splice, type UndoResult } from "./edit";
import { parseQemuConf, type QemuFile, type QemuSetting } from "./qemuParse";
import { undoLine } from "./undoLine";

/**
 * Makes qemu.conf say `name = value`: in the assignment that counts for libvirt, else directly after the commented example
 * that distributions ship, if there is exactly one, else at the end. The example itself stays as it is.
 *
 * @throws RangeError if libvirt would not read back that very value, or does not accept the file as it is.
 */
export function setOption(text: string, path: string, name: string, value: string | number, eol?: string): SetResult {
  const file = parseQemuConf(path, text);
  if (file.failure) {
    throw new RangeError(`${path} is not a file that libvirt reads: line ${file.failure.line}, ${file.failure.reason}`);
  }
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no setting of libvirt`);
  const written = writeValue(value);
  const edit = { path, section: "", option: name, addedSection: false };

  const [first, ...others] = settingsOf(file, name);
  if (first) {
    if (first.value === value) return { splices: [], text, edit: undefined };
    const raw =
      first.raw.slice(0, first.valueStart - first.offset) + written + first.raw.slice(first.valueEnd - first.offset);
    const splices = [{ offset: first.offset, length: first.raw.length, insert: raw }];
    const siblings = others.map((setting) => setting.raw);
    return done(splices, { ...edit, before: first.raw, ours: [raw], siblings, addedNewline: false });
  }

  const offset = afterExample(file, name) ?? text.length;
  const ending = eol ?? /\r\n|\r|\n/.exec(text)?.[0] ?? "\n";
  const newline = newlineBefore(text, offset);
  const raw = `${name} = ${written}`;
  const insert = `${newline.addedNewline ? ending : ""}${raw}${ending}`;
  return done([{ offset, length: 0, insert }], { ...edit, before: null, ours: [raw], siblings: [], ...newline });

  function done(splices: Splice[], made: OptionEdit): SetResult {
    return { splices, text: applySplices(text, splices), edit: made };
  }
}

/** Takes back what `setOption` did, whatever else the file has become. */
export function undoOption(text: string, edit: OptionEdit): UndoResult {
  const file = parseQemuConf(edit.path, text);
  return undoLine(text, edit, settingsOf(file, edit.option).reverse(), () => undefined);
}

/** The assignments of a name, the one that counts first; of several on the same lines only one. */
function settingsOf(file: QemuFile, name: string): QemuSetting[] {
  const all = file.settings.filter((setting) => setting.name === name);
  return all.filter((setting, index) => all[index - 1]?.offset !== setting.offset);
}

function afterExample(file: QemuFile, name: string): number | undefined {
  const example = new RegExp(`^#[ \\t]*${name}[ \\t]*=`);
  const [found, ...more] = file.comments.filter((comment) => example.test(comment.text));
  if (!found || more.length > 0) return undefined;
  const line = /^[^\r\n]*(?:\r\n|\r|\n|$)/.exec(file.text.slice(found.offset))!;
  return found.offset + line[0].length;
}

/** libvirt knows no escapes, so a string takes the quotes that do not occur in it. */
function writeValue(value: string | number): string {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new RangeError(`libvirt takes whole numbers only, not ${value}`);
    return `${value}`;
  }
  const shown = JSON.stringify(value);
  if (/[^\x00-\xff]/.test(value)) throw new RangeError(`the value ${shown} is not given as bytes`);
  if (/[\0\r\n]/.test(value)) throw new RangeError(`the value ${shown} does not fit on one line`);
  if (!value.includes('"')) return `"${value}"`;
  if (!value.includes("'")) return `'${value}'`;
  if (!value.includes('"""') && !value.endsWith('"')) return `"""${value}"""`;
  throw new RangeError(`libvirt has no way to write both kinds of quotes as in ${shown}`);
}
