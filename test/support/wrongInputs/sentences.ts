import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Where the rules are that a program and a host are held against. */
const folders = ["provider/core/inputs", "provider/core/kinds"];
const rules = ["size", "versions", "ownership", "hardLinks", "novaConfig", "foreignFiles", "migration/groupInputs"];
const files = [...rules.map((name) => `provider/core/${name}.ts`), "provider/check.ts", "provider/group.ts"];

/** Text that a rule can say, with what changes left out. */
export interface Sentence {
  file: string;
  parts: string[];
}

/** Every literal of the rules that has three words or more, but for the sources of versions, what is no text, and remarks beside a plan. */
export function sentencesIn(repository: string): Sentence[] {
  const below = folders.flatMap((folder) =>
    readdirSync(join(repository, folder))
      .filter((name) => name !== "deviceName.ts")
      .map((name) => join(folder, name)),
  );
  return [...below, ...files].flatMap((file) => {
    const source = ts.createSourceFile(
      file,
      readFileSync(join(repository, file), "utf8"),
      ts.ScriptTarget.ES2022,
      true,
    );
    const found: Sentence[] = [];
    const look = (node: ts.Node): void => {
      if (ts.isPropertyAssignment(node) && node.name.getText() === "source") return;
      if (ts.isCallExpression(node) && /^(log|say)$/.test(node.expression.getText())) return;
      const texts = textsIn(node);
      const parts = texts.map((text) => text.trim()).filter((text) => text.length > 1);
      if (texts.some((text) => text.includes("\0"))) return;
      if (parts.join(" ").split(/\s+/).length >= 3) found.push({ file, parts });
      node.forEachChild(look);
    };
    look(source);
    return found;
  });
}

function textsIn(node: ts.Node): string[] {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (!ts.isTemplateExpression(node)) return [];
  return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)];
}

/** True if a text has all of a sentence's parts, in their order. */
export function holds(text: string, parts: readonly string[]): boolean {
  let from = 0;
  return parts.every((part) => {
    const at = text.indexOf(part, from);
    from = at + part.length;
    return at >= 0;
  });
}
