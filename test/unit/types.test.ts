import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";

const root = resolve(__dirname, "..", "..", "..");
const { options } = ts.parseJsonConfigFileContent(
  { ...ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile).config, include: [] },
  ts.sys,
  root,
);

/** The compiler's complaints, as `file:line message`; `edit` may change a file's text first. */
function complaints(files: string[], edit: (text: string, file: string) => string = (text) => text): string[] {
  const settings = { ...options, noEmit: true, incremental: false, tsBuildInfoFile: undefined };
  const host = ts.createCompilerHost(settings);
  const read = host.readFile.bind(host);
  host.getSourceFile = (file, language) => {
    const text = read(file);
    return text === undefined ? undefined : ts.createSourceFile(file, edit(text, file), language);
  };
  const program = ts.createProgram(files, settings, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file && file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    return `${file?.fileName.slice(root.length + 1)}:${line} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

describe("the types that users see", function () {
  this.timeout(60_000);
  const types = (name: string) => join(root, "test", "types", `${name}.ts`);

  it("take what users write, and so do the examples", () => {
    const examples = readdirSync(join(root, "examples"), { withFileTypes: true })
      .filter((entry) => existsSync(join(root, "examples", entry.name, "Pulumi.yaml")))
      .map((entry) => join(root, "examples", entry.name, "index.ts"));
    assert.ok(examples.length >= 4);
    assert.deepEqual(complaints([types("mustCompile"), ...examples]), []);
  });

  it("refuse each of the usual mistakes", () => {
    const file = types("mustNotCompile");
    const mistakes = readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, index) => (line.startsWith("// @ts-expect-error") ? [index + 2] : []));
    assert.ok(mistakes.length >= 10);
    const found = complaints([file], (text, name) => (name === file ? text.replaceAll("@ts-expect-error", "") : text));
    assert.deepEqual([...new Set(found.map((each) => Number(/:(\d+) /.exec(each)?.[1])))], mistakes, found.join("\n"));
  });
});
