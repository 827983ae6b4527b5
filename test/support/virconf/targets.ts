import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseQemuConf, qemuSetting, setOption, undoOption } from "../../../provider/core/files/qemuConf";
import { type AnyTarget, target } from "../fuzz/target";
import { goodTexts, names, texts, wantedPaths } from "./generate";
import { type VirconfAnswer, VirconfOracle } from "./oracle";

/** Does our reading agree with that of libvirt's parser? Throws where it does not. */
export function compare(text: string, answer: VirconfAnswer, find = qemuSetting): void {
  const file = parseQemuConf("qemu.conf", text);
  if ("error" in answer) {
    const [, line, reason] = /:(\d+): ([^:]*)$/.exec(answer.error)!;
    assert.equal(file.failure?.reason, reason);
    // Of an open string, libvirt names the line where the file ends, and we the one where the string starts.
    if (reason === "unterminated string") assert.ok(file.failure!.line <= Number(line));
    else assert.equal(file.failure?.line, Number(line));
    return;
  }
  assert.equal(file.failure, undefined);
  for (const [index, name] of names.entries()) {
    const ours = find(file, name)?.value ?? null;
    const onlyStrings = !Array.isArray(ours) || ours.every((item) => typeof item === "string");
    assert.deepEqual(onlyStrings ? ours : ["not only strings"], answer.values[index], name);
  }
}

/** What is true of qemu.conf, with the parser of libvirt's own library as the judge. */
export const virconfTargets: AnyTarget[] = [
  target({
    name: "qemu-read",
    says: "libvirt's own parser reads a qemu.conf as we do, and refuses the same for the same reason",
    cases: texts,
    start: VirconfOracle.start,
    holds: async (text: string, libvirt: VirconfOracle, saw) => {
      const answer = await libvirt.ask(text, names);
      compare(text, answer);
      if ("error" in answer) return saw("refused");
      const { settings } = parseQemuConf("", text);
      saw("accepted");
      if (new Set(settings.map(({ name }) => name)).size < settings.length) saw("repeated");
      if (answer.values.some(Array.isArray)) saw("list");
      if (text.includes("\0")) saw("NUL");
    },
    mustSee: ["accepted", "refused", "repeated", "list", "NUL"],
    runs: { sample: 1_000, full: 20_000 },
  }),
  target({
    name: "qemu-edit",
    says: "libvirt's own parser reads the wanted value after an edit and all else as before, and undo gives the former bytes",
    cases: fc.tuple(goodTexts, wantedPaths),
    start: VirconfOracle.start,
    holds: async ([text, wanted]: [string, string], libvirt: VirconfOracle, saw) => {
      if (parseQemuConf("", text).failure) return;
      const unwritable = wanted.includes("'") && (wanted.endsWith('"') || wanted.includes('"""'));
      if (unwritable && wanted.includes('"')) {
        assert.throws(() => setOption(text, "/q", "memory_backing_dir", wanted), RangeError);
        return;
      }
      const set = setOption(text, "/q", "memory_backing_dir", wanted);
      if (set.edit) saw(set.edit.before === null ? "line added" : "line replaced");
      if (set.edit?.before === null && set.splices[0]!.offset < text.length) saw("line added below the example");
      if (set.edit?.addedNewline) saw("line ending added");

      const before = await libvirt.ask(text, names);
      const after = await libvirt.ask(set.text, names);
      assert.ok("values" in before && "values" in after, JSON.stringify([before, after]));
      assert.deepEqual(after.values, [wanted, ...before.values.slice(1)]);
      if (set.edit) assert.equal(undoOption(set.text, set.edit).text, text);
    },
    mustSee: ["line added", "line replaced", "line added below the example", "line ending added"],
    runs: { sample: 1_000, full: 20_000 },
  }),
];
