import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../lock.mjs";
import { cacheFolder } from "../paths.mjs";
import { buildFromGoModules, goPrograms } from "./goModules.mjs";
import { installOfficially } from "./install.mjs";
import { isExecutable, LANGUAGE_HOST, versionOf } from "./onPath.mjs";
import { cliVersion, isUsable } from "./version.mjs";

const LOCK_LIMIT_SECONDS = 3600;
const toolchains = join(cacheFolder, "toolchain");

/** The folder of the CLI this project keeps for itself, made if it is not there yet. */
export async function cachedToolchain(environment) {
  const final = join(toolchains, keyOfRecipe());
  if (!existsSync(final)) {
    await withLock(join(toolchains, "lock"), "getting the Pulumi CLI", LOCK_LIMIT_SECONDS, () =>
      make(final, environment),
    );
  }
  return join(final, "bin");
}

/** Changes with anything that the result depends on, so that a new recipe never meets the result of an old one. */
function keyOfRecipe() {
  const recipe = createHash("sha256").update(JSON.stringify(goPrograms)).digest("hex").slice(0, 8);
  return `${cliVersion}-${process.platform}-${process.arch}-${recipe}`;
}

async function make(final, environment) {
  if (existsSync(final)) return; // another process made it while we waited
  for (const leftover of readdirSync(toolchains).filter((name) => name.startsWith("making-"))) {
    rmSync(join(toolchains, leftover), { recursive: true, force: true });
  }
  const folder = join(toolchains, `making-${process.pid}`);
  mkdirSync(folder);
  try {
    if (!(await installOfficially(folder, environment))) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      await buildFromGoModules(folder, environment);
    }
    mustWork(join(folder, "bin"), environment);
    renameSync(folder, final);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mustWork(bin, environment) {
  const version = versionOf(join(bin, "pulumi"), environment);
  if (version === undefined || !isUsable(version) || !isExecutable(join(bin, LANGUAGE_HOST))) {
    throw new Error(`the Pulumi CLI that was just made says it is ${version ?? "nothing at all"}`);
  }
}
