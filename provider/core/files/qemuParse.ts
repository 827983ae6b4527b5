import { LinePlaces } from "./linePlaces";

/**
 * qemu.conf as libvirt's own parser reads it (src/util/virconf.c): `name = value` with strings, numbers and lists, `#` comments.
 * The opposite of oslo.config in one point: of a repeated name the first assignment counts.
 */

/** A value: a string, a number or a list. */
export type QemuValue = string | number | QemuValue[];

/** `name = value` */
export interface QemuSetting {
  name: string;
  value: QemuValue;
  /** Number of its first line, from 1. */
  line: number;
  /** The lines it stands on, with their endings, which may hold a comment or other settings too. */
  offset: number;
  length: number;
  /** Those lines without the ending of the last one. */
  raw: string;
  /** Where the value itself starts and ends in the file. */
  valueStart: number;
  valueEnd: number;
}

/** Why libvirt would refuse the whole file. */
export interface QemuParseFailure {
  line: number;
  /** In libvirt's words. */
  reason: string;
}

export interface QemuFile {
  path: string;
  text: string;
  settings: readonly QemuSetting[];
  /** Comments with a line of their own: where the line starts, and the text from the # on. */
  comments: readonly { offset: number; text: string }[];
  failure: QemuParseFailure | undefined;
}

/** The setting that counts, or undefined if libvirt's default does. */
export function qemuSetting(file: QemuFile, name: string): QemuSetting | undefined {
  return file.settings.find((setting) => setting.name === name);
}

/** A setting that libvirt takes as a string; undefined if its default counts, or if it is no string, which libvirt refuses. */
export function readQemuOption(text: string, name: string): string | undefined {
  const value = qemuSetting(parseQemuConf("qemu.conf", text), name)?.value;
  return typeof value === "string" ? value : undefined;
}

/**
 * The directory below which libvirt makes a directory per guest with its memory in it.
 *
 * libvirt appends `libvirt/qemu` to what is configured, but not to its own default (qemu_conf.c).
 */
export function memoryBackingDirectory(file: QemuFile): { path: string } | { problem: string } {
  const setting = qemuSetting(file, "memory_backing_dir");
  if (!setting) return { path: "/var/lib/libvirt/qemu/ram" };
  if (typeof setting.value === "string") return { path: `${setting.value}/libvirt/qemu` };
  return { problem: `${file.path}: expected a string for 'memory_backing_dir' parameter` };
}

/** Reads qemu.conf. After a failure the following lines are still looked at, for what we may have to take back there. */
export function parseQemuConf(path: string, text: string): QemuFile {
  const settings: QemuSetting[] = [];
  const comments: { offset: number; text: string }[] = [];
  let failure: QemuParseFailure | undefined;
  const places = new LinePlaces(text);
  let at = 0;
  while (at < text.length) {
    try {
      statement();
      separator();
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      failure ??= { line: places.number(at), reason: error.message };
      skip(/[^\r\n]*[\r\n \t]*/y);
    }
  }
  return { path, text, settings, comments, failure };

  function statement(): void {
    skip(/[ \t\r\n]*/y);
    const start = at;
    if (text[at] === "#") {
      const comment = skip(/[^\r\n]*/y);
      const lineStart = places.start(start);
      if (text.slice(lineStart, start).trim() === "") comments.push({ offset: lineStart, text: comment });
      return;
    }
    const name = skip(/[A-Za-z][A-Za-z0-9_]*/y);
    if (name === "") throw new Mistake("expecting a name");
    skip(/[ \t]*/y);
    if (skip(/=/y) === "") throw new Mistake("expecting an assignment");
    skip(/[ \t]*/y);
    const valueStart = at;
    const value = readValue();
    settings.push({ name, value, line: places.number(start), ...places.span(start, at), valueStart, valueEnd: at });
    skip(/[ \t]*(?:#[^\r\n]*)?/y);
  }

  function separator(): void {
    skip(/[ \t]*/y);
    if (at >= text.length) return;
    if (skip(/[;\r\n]/y) === "") throw new Mistake("expecting a separator");
    skip(/[ \t\r\n]*/y);
  }

  function readValue(depth = 0): QemuValue {
    skip(/[ \t]*/y);
    if (text[at] === '"' || text[at] === "'") return readString();
    // libvirt goes as deep as its stack is; nobody else does.
    if (depth > deepest) throw new Mistake("lists are nested too deeply");
    if (text[at] === "[") return readList(depth + 1);
    if (!/[-+0-9]/.test(text[at] ?? "")) throw new Mistake("expecting a value");
    const number = skip(/[-+]?[0-9]+/y);
    if (number === "") throw new Mistake("unterminated number");
    return Number(number);
  }

  function readString(): string {
    // libvirt looks for triple quotes only where at least one more byte than both of them is left.
    const triple = at + 6 < text.length && text.startsWith('"""', at);
    const found = skip(triple ? /"""[\s\S]*?"""/y : /"[^"\r\n]*"|'[^'\r\n]*'/y);
    if (found === "") throw new Mistake("unterminated string");
    // libvirt copies it as a text of C, which a NUL ends.
    return (triple ? found.slice(3, -3) : found.slice(1, -1)).split("\0", 1)[0]!;
  }

  function readList(depth: number): QemuValue[] {
    const values: QemuValue[] = [];
    skip(/\[[ \t\r\n]*/y);
    while (at < text.length && text[at] !== "]") {
      values.push(readValue(depth));
      skip(/[ \t\r\n]*/y);
      if (at >= text.length || text[at] === "]") break;
      if (skip(/,/y) === "") throw new Mistake("expecting a separator in list");
      skip(/[ \t\r\n]*/y);
    }
    if (skip(/\]/y) === "") throw new Mistake("list is not closed with ]");
    return values;
  }

  /** Moves over what a sticky pattern matches here; "" and no move if it does not. */
  function skip(pattern: RegExp): string {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  }
}

/** How many lists may be in one another. */
const deepest = 100;

class Mistake extends Error {}
