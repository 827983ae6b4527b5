import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { lines, quote, Script, sh } from "../../provider/core/quote";

function printed(script: string): string {
  const result = spawnSync("sh", ["-s"], { input: script });
  assert.equal(result.status, 0, result.stderr.toString());
  return result.stdout.toString();
}

describe("quoting", () => {
  it("gives a real shell back exactly the words that went in", () => {
    const text = fc.string({ unit: "binary", maxLength: 30 }).filter((value) => !value.includes("\0"));
    const words = fc.array(fc.oneof(text, fc.constantFrom("", "-n", "'", "\\", "$(id)", "a\nb", "*", "~", "!!")), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(words, (values) => {
        const expected = values.map((value) => `<${Buffer.from(value).toString()}>`).join("");
        assert.equal(printed(sh`for word in ${values}; do printf '<%s>' "$word"; done`.text), expected);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses a NUL character", () => {
    assert.throws(() => quote("a\0b"), TypeError);
  });

  it("makes no word of an empty array and several of a long one", () => {
    assert.equal(printed(sh`set -- ${[]}; echo $#; set -- ${["a b", "", 3]}; echo $#`.text), "0\n3\n");
  });

  it("inserts scripts as they are and numbers as they print", () => {
    assert.equal(sh`${new Script("echo $HOME")}; exit ${3}`.text, "echo $HOME; exit 3");
    assert.equal(lines(sh`a`, sh`b`).text, "a\nb");
  });

  it("leaves backslashes of the template to the shell", () => {
    assert.equal(printed(sh`printf 'a\tb\n%s' ${"\\n"}`.text), "a\tb\n\\n");
  });

  it("refuses text inside quotation marks of the template, where the shell would run what is in it", () => {
    assert.throws(() => sh`echo "${"$(id)"}"`, /inside quotation marks/);
    assert.throws(() => sh`echo '${"x"}'`, /inside quotation marks/);
  });

  it("is not misled by closed quotation marks, comments and backslashes", () => {
    assert.equal(sh`echo "a" 'b' \" ${"x y"}`.text, "echo \"a\" 'b' \\\" 'x y'");
    assert.equal(sh`# don't\n`.text, "# don't\\n");
    assert.equal(
      sh`true # don't
echo ${"x y"}`.text,
      "true # don't\necho 'x y'",
    );
  });

  it("refuses everything that is neither text nor number nor script", () => {
    for (const value of [undefined, null, true, {}, Number.NaN, [["nested"]], [new Script("x")]]) {
      assert.throws(() => sh`echo ${value as unknown as string}`, TypeError);
    }
  });
});
