import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseQemuConf, qemuSetting, setOption, undoOption } from "../../provider/core/files/qemuConf";
import { type VirconfAnswer, VirconfOracle } from "../support/virconf/oracle";

const seed = Number(process.env["HOSTMEM_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = process.env["HOSTMEM_TEST_FULL"] ? 20_000 : 1_000;
const names = ["memory_backing_dir", "a", "b_1"];

const value = fc.constantFrom(
  ...['"/x"', "'/x'", '""', "''", '"it\'s"', '"""a"b"""', '"""a\nb"""', '""""""', "1", "-1", "+1", "007", "[]", "[ ]"],
  ...['["a"]', '[ "a",\n  "b", ]', '["a" "b"]', "[1]", '"open', '"""open"', "yes", "", '[ "a" # c\n]', "[,]", '"\xe4"'],
);
const statement = fc
  .record({
    name: fc.constantFrom(...names, "memory_backing_dir", "A", "9a", "_a", "a-b", ""),
    before: fc.constantFrom("", "", "", " ", "\t"),
    equals: fc.constantFrom(" = ", "=", " =", "\t= ", "\n= ", " "),
    value,
    after: fc.constantFrom("", "", "", " ", " # why", "#why", " ;", "; ", " ; # c"),
  })
  .map(({ name, before, equals, value, after }) => before + name + equals + value + after);
const line = fc.oneof(
  { weight: 4, arbitrary: statement },
  { weight: 2, arbitrary: fc.constantFrom("# a comment", '#memory_backing_dir = "/dev/shm"', "", "  ", " # indented") },
);
const valid = fc
  .tuple(fc.constantFrom(...names), fc.constantFrom(" = ", "="), fc.constantFrom('"/x"', "'/y'", "5", '["a",\n"b"]'))
  .map((parts) => parts.join(""));
const validLine = fc.oneof(
  { weight: 2, arbitrary: valid },
  fc.constantFrom("# c", '#memory_backing_dir = "/dev/shm"', ""),
);
const noise = fc.array(fc.constantFrom("a", "=", '"', "'", '"""', "#", ";", "[", "]", ",", " ", "\n", "\r", "1", "-"));

const ended = (lines: fc.Arbitrary<string>, ending: fc.Arbitrary<string>) =>
  fc.tuple(fc.array(lines, { maxLength: 6 }), ending, fc.boolean()).map(([all, eol, final]) => {
    return all.join(eol) + (final && all.length > 0 ? eol : "");
  });
const ending = fc.constantFrom("\n", "\n", "\r\n", "\r", " ; ");
const text = fc.oneof(
  { weight: 3, arbitrary: ended(validLine, ending) },
  { weight: 3, arbitrary: ended(line, ending) },
  { weight: 1, arbitrary: noise.map((parts) => parts.join("")) },
);

function compare(text: string, answer: VirconfAnswer, find = qemuSetting): void {
  const file = parseQemuConf("memory conf", text);
  if ("error" in answer) {
    const [, line, reason] = /^configuration file syntax error: memory conf:(\d+): (.*)$/.exec(answer.error)!;
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

describe(`libvirt's own parser of qemu.conf, seed ${seed}, ${numRuns} runs`, function () {
  this.timeout(0);
  let libvirt: VirconfOracle;
  before(async () => {
    libvirt = await VirconfOracle.start();
  });
  after(() => libvirt?.stop());

  it("reads generated texts as we do, and refuses the same for the same reason", async () => {
    const counts = { accepted: 0, refused: 0, repeated: 0, list: 0 };
    await fc.assert(
      fc.asyncProperty(text, async (text) => {
        const answer = await libvirt.ask(text, names);
        compare(text, answer);
        const { settings } = parseQemuConf("", text);
        if ("error" in answer) counts.refused++;
        else {
          counts.accepted++;
          if (new Set(settings.map(({ name }) => name)).size < settings.length) counts.repeated++;
          if (answer.values.some(Array.isArray)) counts.list++;
        }
      }),
      { seed, numRuns },
    );
    assert.ok(
      Object.values(counts).every((count) => count > 0),
      JSON.stringify(counts),
    );
  });

  it("catches a reader that takes the last assignment instead of the first", async () => {
    const last: typeof qemuSetting = (file, name) => file.settings.findLast((setting) => setting.name === name);
    const property = fc.asyncProperty(text, async (text) => compare(text, await libvirt.ask(text, names), last));
    const details = await fc.check(property, { seed, numRuns: 1_000, endOnFailure: true });
    assert.equal(details.failed, true, "the planted error was not found");
  });

  it("reads exactly the wanted value after an edit, and our undo gives the former bytes", async () => {
    const counts = { added: 0, replaced: 0, afterExample: 0, newline: 0 };
    const path = fc.string({ unit: fc.constantFrom("/", "a", "b", '"', "'", " ", "#", ";", "\xc3\xa4", "]") });
    await fc.assert(
      fc.asyncProperty(ended(validLine, ending), path, async (text, wanted) => {
        if (parseQemuConf("", text).failure) return;
        const unwritable = wanted.includes("'") && (wanted.endsWith('"') || wanted.includes('"""'));
        if (unwritable && wanted.includes('"')) {
          assert.throws(() => setOption(text, "/q", "memory_backing_dir", wanted), RangeError);
          return;
        }
        const set = setOption(text, "/q", "memory_backing_dir", wanted);
        if (set.edit?.before === null) counts.added++;
        else if (set.edit) counts.replaced++;
        if (set.edit?.before === null && set.splices[0]!.offset < text.length) counts.afterExample++;
        if (set.edit?.addedNewline) counts.newline++;

        const before = await libvirt.ask(text, names);
        const after = await libvirt.ask(set.text, names);
        assert.ok("values" in before && "values" in after, JSON.stringify([before, after]));
        assert.deepEqual(after.values, [wanted, ...before.values.slice(1)]);
        if (set.edit) assert.equal(undoOption(set.text, set.edit).text, text);
      }),
      { seed, numRuns },
    );
    assert.ok(
      Object.values(counts).every((count) => count > 0),
      JSON.stringify(counts),
    );
  });
});
