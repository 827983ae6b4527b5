// Makes a fresh clone usable, and a changed one again: packages when the lock file moved, compiler output when a source did.
// Plain Node 20 and nothing else: this runs before any package is installed.
import { pathToFileURL } from "node:url";
import { compileIfNeeded } from "./lib/compile.mjs";
import { withLock } from "./lib/lock.mjs";
import { installIfNeeded } from "./lib/packages.mjs";
import { buildFolder, toolFolder, withFoldersOnPath } from "./lib/paths.mjs";

const LOCK_LIMIT_SECONDS = 600;

/**
 * Brings node_modules and build/ up to date and returns the environment for everything that follows:
 * the packages' tools, among them a Node that is new enough, first on PATH.
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function setup() {
  const environment = withFoldersOnPath(process.env, toolFolder);
  await withLock(`${buildFolder}/.setup.lock`, "setting up", LOCK_LIMIT_SECONDS, async () => {
    await installIfNeeded(environment);
    await compileIfNeeded(environment);
  });
  return environment;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await setup();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
