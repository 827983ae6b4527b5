import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runQuietly } from "./command.mjs";
import { buildFolder, root } from "./paths.mjs";

/** The folders that the compiler reads; examples are not among them, Pulumi compiles those itself. */
const sourceFolders = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")).include;
const COMPILE_LIMIT_SECONDS = 300;
const stampFile = join(buildFolder, ".sources");

/** Runs the compiler if a source changed since it last succeeded, or if its output is not complete. */
export async function compileIfNeeded(environment) {
  const sources = sourceFolders.flatMap((folder) => filesBelow(folder)).filter((path) => isSource(path));
  removeOrphans(new Set(sources.map(outputOf)));
  const complete = sources.every((path) => existsSync(join(root, outputOf(path))));
  const stamp = stampOf([...sources, "tsconfig.json", "package-lock.json"]);
  if (complete && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;

  rmSync(stampFile, { force: true });
  // An incremental compiler believes its own record, not the folder: without it, it writes everything again.
  if (!complete) rmSync(join(buildFolder, ".tsbuildinfo"), { force: true });
  await runQuietly("compiling", "tsc", ["-p", "tsconfig.json", "--pretty", "false"], {
    cwd: root,
    env: environment,
    limitSeconds: COMPILE_LIMIT_SECONDS,
  });
  mkdirSync(buildFolder, { recursive: true });
  writeFileSync(stampFile, stamp);
}

/** Compiled files whose source is gone: a deleted test would otherwise run for ever. */
function removeOrphans(outputs) {
  for (const path of sourceFolders.flatMap((folder) => filesBelow(join("build", folder)))) {
    const script = path.replace(/(\.d\.ts|\.js\.map|\.js)$/, ".js");
    if (script.endsWith(".js") && !outputs.has(script)) rmSync(join(root, path));
  }
}

function isSource(path) {
  return path.endsWith(".ts") && !path.endsWith(".d.ts");
}

function outputOf(source) {
  return join("build", source.replace(/\.ts$/, ".js"));
}

function filesBelow(folder) {
  const top = join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(folder, (entry.parentPath ?? entry.path).slice(top.length), entry.name));
}

function stampOf(paths) {
  const hash = createHash("sha256");
  for (const path of [...paths].sort()) {
    const { mtimeMs, size } = statSync(join(root, path));
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
}
