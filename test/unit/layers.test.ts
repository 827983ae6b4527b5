import { strict as assert } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

const root = resolve(__dirname, "..", "..", "..");

interface Import {
  from: string;
  /** Path below the repository, or the name of a package. */
  to: string;
  typeOnly: boolean;
}

function importsBelow(folder: string): Import[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => importsOf(join(folder, name)));
}

function importsOf(from: string): Import[] {
  const found: Import[] = [];
  const add = (target: ts.Node, typeOnly: boolean) => {
    if (ts.isStringLiteral(target)) found.push({ from, to: located(from, target.text), typeOnly });
  };
  const look = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isCallExpression(node) && /^(require|import)$/.test(node.expression.getText())) {
      if (node.arguments[0]) add(node.arguments[0], false);
    }
    node.forEachChild(look);
  };
  look(ts.createSourceFile(from, readFileSync(join(root, from), "utf8"), ts.ScriptTarget.ES2022, true));
  return found;
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  const names = clause.namedBindings;
  const areTypes = names && ts.isNamedImports(names) && names.elements.every((each) => each.isTypeOnly);
  return clause.phaseModifier === ts.SyntaxKind.TypeKeyword || (!clause.name && areTypes === true);
}

function located(from: string, target: string): string {
  return target.startsWith(".") ? relative(root, resolve(root, dirname(from), target)) : target;
}

const all = [...importsBelow("provider"), ...importsBelow("sdk")];

/** Imports of files below `layer` that are not allowed, as `file -> target`. */
function violations(layer: string, allowed: (each: Import) => boolean): string[] {
  const mine = all.filter(({ from }) => from.startsWith(layer));
  assert.ok(mine.length > 0, `${layer} imports something`);
  return mine.filter((each) => !allowed(each)).map(({ from, to }) => `${from} -> ${to}`);
}

const within =
  (...places: string[]) =>
  (each: Import) =>
    places.some((place) => each.to === place || each.to.startsWith(`${place}/`));

const core = "provider/core";

describe("the layers", () => {
  it("are read from the sources as they are", () => {
    assert.ok(all.some(({ from, to }) => from === "provider/runtime.ts" && to === "provider/core/kinds"));
    assert.ok(all.some((each) => each.typeOnly) && all.some((each) => each.to === "node:crypto"));
  });

  it("keep Pulumi out of the core", () => {
    assert.deepEqual(
      violations(core, ({ to }) => !to.startsWith("@pulumi/") && !to.startsWith("sdk")),
      [],
    );
  });

  it("keep the core to itself", () => {
    const outside = (each: Import) => !each.to.startsWith("provider/") || within(core)(each);
    assert.deepEqual(violations(core, outside), []);
  });

  it("let the SDK see the provider's text, reading ahead, how inputs are read, and reports of live migration", () => {
    const node = ["node:async_hooks", "node:fs", "node:timers/promises"];
    const places = ["provider/dynamic", "provider/readAhead", `${core}/inputs`, `${core}/migration`];
    const allowed = within("sdk", "@pulumi", ...node, ...places);
    assert.deepEqual(violations("sdk/", allowed), []);
  });

  it("let nothing know of the command line but itself", () => {
    const command = "provider/command";
    assert.deepEqual(
      all.filter((each) => within(command)(each) && !each.from.startsWith(`${command}/`)),
      [],
    );
    assert.deepEqual(
      violations(`${command}/`, within(command, core, "provider/readAhead", "node:fs", "node:path", "node:util")),
      [],
    );
  });

  it("let files that are edited know of nothing else", () => {
    assert.deepEqual(violations(`${core}/files/`, within(`${core}/files`, "node:buffer")), []);
  });

  it("let facts see files and where ours are, and do no more than parse", () => {
    const allowed = within(
      `${core}/facts`,
      `${core}/files`,
      `${core}/host`,
      `${core}/errors`,
      `${core}/quote`,
      "node:crypto",
      "semver",
    );
    assert.deepEqual(violations(`${core}/facts/`, allowed), []);
  });

  it("let kinds and their plans do no input or output", () => {
    const io = /^(node:(?!crypto$)|child_process|fs|net|http|provider\/core\/(transport|session|sessions)$)/;
    const pure = ({ to, typeOnly }: Import) => typeOnly || !(io.test(to) || to.startsWith(`${core}/transport/`));
    assert.deepEqual(violations(`${core}/kinds/`, pure), []);
    assert.deepEqual(violations(`${core}/plan/`, pure), []);
    assert.deepEqual(
      violations(
        `${core}/inputs/`,
        (each) => pure(each) || within(`${core}/transport/hostKeys`, `${core}/transport/plainName`)(each),
      ),
      [],
    );
  });

  it("let only the transport start programs, and only it and a cloud's client open connections", () => {
    const starters = all.filter(({ to }) => /^node:(child_process|net|tls|http|https|dgram)$/.test(to));
    const others = /^provider\/(core\/transport\/|readAhead\/|core\/openstack\/http\.ts$)/;
    assert.deepEqual(
      starters.filter(({ from }) => !others.test(from)),
      [],
    );
  });

  it("let a cloud's client know of no host, and its rules do no input or output", () => {
    const client = within(
      `${core}/openstack`,
      `${core}/errors`,
      `${core}/readable`,
      `${core}/size`,
      `${core}/versions`,
      `${core}/transport/secret`,
      "semver",
      "yaml",
    );
    const pure = within(`${core}/openstack/rules`, `${core}/size`, `${core}/versions`, "semver");
    const io = (each: Import) => /^node:(fs|os|path|http|https|timers\/promises)$/.test(each.to);
    assert.deepEqual(
      violations(`${core}/openstack/`, (each) => each.typeOnly || client(each) || io(each)),
      [],
    );
    assert.deepEqual(
      violations(`${core}/openstack/rules/`, (each) => each.typeOnly || pure(each)),
      [],
    );
  });

  it("let reports of live migration be pure, and see of kinds only what Nova does with page sizes and labels", () => {
    const kinds = ["pageVerdict", "pageSize", "pmemOption"].map((name) => `kinds/${name}`);
    const places = ["migration", "inputs", ...kinds].map((place) => `${core}/${place}`);
    assert.deepEqual(violations(`${core}/migration/`, within(...places, "semver")), []);
  });

  it("let plans see kinds only as types", () => {
    const up = ({ to, typeOnly }: Import) => typeOnly || !within(`${core}/kinds`)({ to, typeOnly, from: "" });
    for (const layer of ["plan", "facts", "inputs", "host", "transport"]) {
      assert.deepEqual(violations(`${core}/${layer}/`, up), []);
    }
  });

  it("keep every source file short enough to be about one thing", () => {
    const sizes = [...new Set(all.map(({ from }) => from))].map((file) => ({
      file,
      lines: readFileSync(join(root, file), "utf8").split("\n").length,
    }));
    assert.deepEqual(
      sizes.filter(({ lines }) => lines > 260),
      [],
    );
  });
});
