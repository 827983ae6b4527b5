import assert from "node:assert/strict";
import * as fc from "fast-check";
import { applySplices, type Splice } from "../../provider/core/files/edit";
import { effective, type OsloFile, parseOsloFile, setOption, undoOption } from "../../provider/core/files/osloConfig";
import { Classes, classesOfHost } from "../support/oslo/classes";
import { osloVersions } from "../support/oslo/environment";
import { foreignEdit, foreignEdits } from "../support/oslo/foreign";
import { host } from "../support/oslo/generate";
import { type OsloAnswer, OsloOracle, type OsloRequest, type OsloValue } from "../support/oslo/oracle";
import { decode, readHost, readOption, sectionsOf } from "../support/oslo/ours";

const seed = Number(process.env["HOSTMEM_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = process.env["HOSTMEM_TEST_FULL"] ? 5_000 : 600;

/** Does our reading of a host agree with oslo.config's? Throws where it does not. */
function compare(request: OsloRequest, answer: OsloAnswer, lookUp = effective): void {
  const { files, failure } = readHost(request);
  const broken = files.find((file) => file.failure);
  if ("error" in answer) {
    assert.ok(failure ?? broken, `oslo.config refuses, we do not: ${answer.error} ${answer.message}`);
    if (broken && (answer.error === "ConfigFileParseError" || answer.error === "UnicodeDecodeError")) {
      assertSameFailure(broken, answer);
    }
    return;
  }
  assert.equal(failure ?? broken?.failure?.reason, undefined, "we refuse, oslo.config does not");
  assert.deepEqual(files.map(sectionsOf), answer.files);
  for (const [index, [section, option]] of request.read.entries()) {
    const theirs: OsloValue = answer.values[index]!;
    const ours = readOption(files, request.environment, section, option, lookUp);
    if ("error" in theirs)
      assert.ok("error" in ours, `${option}: ${JSON.stringify(ours)}, oslo.config: ${theirs.message}`);
    else assert.deepEqual(ours, theirs, option);
  }
}

function assertSameFailure(file: OsloFile, answer: { error: string; message: string }): void {
  const { line, reason } = file.failure!;
  if (answer.error === "UnicodeDecodeError") {
    assert.equal(reason, "not valid UTF-8");
    return;
  }
  assert.ok(answer.message.includes(`${file.path}:`), answer.message);
  assert.ok(answer.message.includes(reason), `${answer.message}, ours: ${reason}`);
  // oslo.config notices a missing section one assignment later, and then names that line.
  if (!reason.startsWith("Section must"))
    assert.ok(answer.message.includes(`:${line}, `), `${answer.message}, ours: ${line}`);
}

for (const version of osloVersions) {
  describe(`oslo.config ${version}, seed ${seed}, ${numRuns} runs`, function () {
    this.timeout(0);
    let oslo: OsloOracle;
    before(async () => {
      oslo = await OsloOracle.start(version);
    });
    after(() => oslo?.stop());

    it("reads generated hosts as we do", async () => {
      const classes = new Classes();
      await fc.assert(
        fc.asyncProperty(host, async (request) => {
          const answer = await oslo.ask(request);
          compare(request, answer);
          classes.add(classesOfHost(request, answer));
        }),
        { seed, numRuns },
      );
      classes.assertAll("host");
    });

    it("catches a reader that takes the first assignment of a file instead of the last", async () => {
      const first: typeof effective = (files, section, option, surroundings) => {
        const onlyFirst = files.map((file) => {
          const seen = new Set<string>();
          const pieces = file.pieces.filter((piece) => {
            if (piece.kind !== "assignment") return true;
            const name = `${piece.section}.${piece.option}`;
            return !seen.has(name) && Boolean(seen.add(name));
          });
          return { ...file, pieces };
        });
        return effective(onlyFirst, section, option, surroundings);
      };
      const property = fc.asyncProperty(host, async (request) => compare(request, await oslo.ask(request), first));
      const details = await fc.check(property, { seed, numRuns: 300, endOnFailure: true });
      assert.equal(details.failed, true, "the planted error was not found");
    });

    it("reads exactly the wanted value after an edit, and our undo gives the former bytes", async () => {
      const classes = new Classes();
      await fc.assert(
        fc.asyncProperty(host, wanted, fc.array(foreignEdits, { maxLength: 3 }), async (request, want, foreign) => {
          const { files, failure } = readHost(request);
          if (failure || files.some((file) => file.failure) || files.length === 0) return;
          const [section, option, value] = want;
          const current = effective(files, section, option);
          const path = current?.path ?? files[0]!.path;
          const before = request.files[path]!;
          const set = setOption(before, path, section, option, value);
          if (!set.edit) return assert.equal(set.text, before);
          classes.add([
            set.edit.before === null ? "line added" : "line replaced",
            ...(set.edit.addedSection ? ["section added"] : []),
            ...(set.edit.addedNewline ? ["line ending added"] : []),
          ]);

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
          if (edited !== set.text) classes.add(["foreign edit"]);
          assert.equal(undoOption(edited, set.edit).text, original);
          assert.equal(parseOsloFile(path, edited).failure, undefined);
        }),
        { seed, numRuns },
      );
      classes.assertAll("edit");
    });
  });
}

const wanted = fc.oneof(
  fc.constantFrom<[string, string, string]>(
    ["libvirt", "file_backed_memory", "1048576"],
    ["DEFAULT", "ram_allocation_ratio", "1.0"],
    ["DEFAULT", "reserved_host_memory_mb", "0"],
    ["libvirt", "pmem_namespaces", "6GB:ns0|ns1,LARGE:ns2"],
    ["compute", "cpu_shared_set", "0-3"],
  ),
  fc
    .string({
      unit: fc.constantFrom("a", "$", "{", "}", '"', "'", " ", "#", ";", "=", ":", "\t", "[", "]", "\u00e9", "\u00a0"),
    })
    .map((text): [string, string, string] => ["libvirt", "free_text", Buffer.from(text, "utf8").toString("latin1")]),
);
