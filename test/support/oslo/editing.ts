import assert from "node:assert/strict";
import * as fc from "fast-check";
import { applySplices, type Splice } from "../../../provider/core/files/edit";
import {
  addEntry,
  effective,
  effectiveMulti,
  parseOsloFile,
  setOption,
  undoOption,
} from "../../../provider/core/files/osloConfig";
import type { Saw } from "../fuzz/target";
import { bytes } from "../fuzz/texts";
import { compare } from "./compare";
import { type ForeignEdit, foreignEdit, foreignEdits } from "./foreign";
import { host } from "./generate";
import type { OsloOracle, OsloRequest } from "./oracle";
import { decode, readHost, sectionsOf } from "./ours";

/** A host, what shall be set on it, and what others do to the file after that. */
export interface Editing {
  request: OsloRequest;
  wanted: [section: string, option: string, value: string];
  foreign: ForeignEdit[];
}

const freeText = fc.string({
  unit: fc.constantFrom("a", "$", "{", "}", '"', "'", " ", "#", ";", "=", ":", "\t", "[", "]", "\u00e9", "\u00a0"),
});

export const editings: fc.Arbitrary<Editing> = fc.record({
  request: host,
  wanted: fc.oneof(
    fc.constantFrom<[string, string, string]>(
      ["libvirt", "file_backed_memory", "1048576"],
      ["DEFAULT", "ram_allocation_ratio", "1.0"],
      ["DEFAULT", "reserved_host_memory_mb", "0"],
      ["libvirt", "pmem_namespaces", "6GB:ns0|ns1,LARGE:ns2"],
      ["compute", "cpu_shared_set", "0-3"],
    ),
    freeText.map((text): [string, string, string] => ["libvirt", "free_text", bytes(text)]),
  ),
  foreign: fc.array(foreignEdits, { maxLength: 3 }),
});

/** After our edit oslo.config reads the wanted value and all else as before, and taking it back gives the former bytes. */
export async function editsExactly({ request, wanted, foreign }: Editing, oslo: OsloOracle, saw: Saw): Promise<void> {
  const { files, failure } = readHost(request);
  if (failure || files.some((file) => file.failure) || files.length === 0) return;
  const [section, option, value] = wanted;
  const path = effective(files, section, option)?.path ?? files[0]!.path;
  const before = request.files[path]!;
  const set = setOption(before, path, section, option, value);
  if (!set.edit) return assert.equal(set.text, before);
  saw(set.edit.before === null ? "line added" : "line replaced");
  if (set.edit.addedSection) saw("section added");
  if (set.edit.addedNewline) saw("line ending added");

  assert.equal(set.splices.length, 1);
  const [{ offset, length }] = set.splices as [Splice];
  assert.equal(before.slice(offset, offset + length), set.edit.before ?? "");
  assert.equal(set.text.slice(0, offset), before.slice(0, offset));
  assert.ok(set.text.endsWith(before.slice(offset + length)));

  const answer = await oslo.ask({
    ...request,
    files: { ...request.files, [path]: set.text },
    environment: { HOME: request.environment["HOME"]! },
    strings: [...request.strings, ["libvirt", "free_text"]],
    read: [[section, option]],
  });
  assert.ok("files" in answer, `refused after our edit: ${JSON.stringify(answer)}`);
  const expected = files.map(sectionsOf);
  for (const [index, file] of files.entries()) {
    if (file.path !== path) continue;
    const options = expected[index]![section] ?? {};
    options[option] = [...(options[option] ?? []).slice(0, -1), decode(value).replaceAll("$", "$$$$")];
    expected[index]![section] = options;
  }
  assert.deepEqual(answer.files, expected);
  const theirs = answer.values[0]!;
  assert.ok("value" in theirs, JSON.stringify(theirs));
  const shown = Array.isArray(theirs.value) ? theirs.value.join(",") : `${theirs.value}`;
  assert.equal(shown, option === "ram_allocation_ratio" ? "1.0" : decode(value));

  const undone = undoOption(set.text, set.edit);
  assert.equal(undone.outcome, "restored");
  assert.equal(undone.text, before);
  assert.equal(applySplices(set.text, undone.splices), before);

  let [edited, original] = [set.text, before];
  for (const each of foreign) [edited, original] = foreignEdit(each, edited, original, set);
  if (edited !== set.text) saw("foreign edit");
  assert.equal(undoOption(edited, set.edit).text, original);
  assert.equal(parseOsloFile(path, edited).failure, undefined);
}

/** After two entries of ours oslo.config has them behind all others, which stay, and taking them back gives the former bytes. */
export async function addsExactly({ request, foreign }: Editing, oslo: OsloOracle, saw: Saw): Promise<void> {
  const { files, failure } = readHost(request);
  if (failure || files.some((file) => file.failure) || files.length === 0) return;
  const [section, option] = ["DEFAULT", "reserved_huge_pages"] as const;
  const path = effectiveMulti(files, section, option).at(-1)?.path ?? files[0]!.path;
  const before = request.files[path]!;
  const entries = ["node:0,size:4,count:9", "node:1,size:4,count:9"];
  const first = addEntry(before, path, section, option, entries[0]!);
  const set = addEntry(first.text, path, section, option, entries[1]!);
  saw(first.edit!.siblings.length > 0 ? "beside others" : "alone");
  if (first.edit!.addedSection) saw("section added");

  const after = {
    ...request,
    files: { ...request.files, [path]: set.text },
    environment: { HOME: request.environment["HOME"]! },
    read: [[section, option]] as [string, string][],
  };
  const answer = await oslo.ask(after);
  compare(after, answer);
  const expected = files.map(sectionsOf);
  for (const [index, file] of files.entries()) {
    if (file.path !== path) continue;
    const options = expected[index]![section] ?? {};
    options[option] = [...(options[option] ?? []), ...entries];
    expected[index]![section] = options;
  }
  assert.ok("files" in answer);
  assert.deepEqual(answer.files, expected);

  assert.equal(undoOption(undoOption(set.text, set.edit!).text, first.edit!).text, before);
  let [edited, original] = [set.text, first.text];
  for (const each of foreign) [edited, original] = foreignEdit(each, edited, original, set);
  if (edited !== set.text) saw("foreign edit");
  assert.equal(undoOption(edited, set.edit!).text, original);
}
