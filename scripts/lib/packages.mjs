import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runQuietly } from "./command.mjs";
import { root, toolFolder } from "./paths.mjs";

const INSTALL_LIMIT_SECONDS = 600;
const OLDEST_NODE = 22; // engines of package.json, which are those of @pulumi/pulumi

/** Runs `npm ci` if node_modules is not what package-lock.json says. */
export async function installIfNeeded(environment) {
  const options = { cwd: root, env: environment, limitSeconds: INSTALL_LIMIT_SECONDS };
  if (!isInstalled()) {
    // Without install scripts: the one of @pulumi/command downloads a plugin that only its users need. package.json's
    // allowScripts says the same to npm 11, but older releases do not read it.
    await runQuietly("installing packages", "npm", ["ci", "--ignore-scripts", "--loglevel=error"], options);
  }
  if (!hasNode()) {
    // The only script we want: it puts the binary for this system into the package.
    await runQuietly("installing Node", "npm", ["rebuild", "node", "--loglevel=error"], options);
    const version = execFileSync(join(toolFolder, "node"), ["--version"], { encoding: "utf8" }).trim();
    if (Number.parseInt(version.slice(1), 10) < OLDEST_NODE) {
      throw new Error(`the npm package "node" brought ${version}, but Node ${OLDEST_NODE} or newer is needed`);
    }
  }
}

/**
 * Compares package-lock.json with the list npm keeps inside node_modules and writes last, so a cut installation does not count
 * and one made by hand (`npm ci`, `npm install`) does.
 */
function isInstalled() {
  const installedList = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedList)) return false;
  const wanted = packagesOf(join(root, "package-lock.json"));
  delete wanted[""]; // the project itself, which npm does not list as installed
  const installed = packagesOf(installedList);
  const same = (path) => installed[path]?.version === wanted[path]?.version && path in wanted;
  return Object.keys(installed).every(same) && Object.keys(wanted).every((path) => wanted[path].optional || same(path));
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, "utf8")).packages;
}

function hasNode() {
  return existsSync(join(root, "node_modules", "node", "bin", "node"));
}
