import { execFileSync } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { isUsable } from "./version.mjs";

const VERSION_LIMIT_MILLISECONDS = 15_000;
export const LANGUAGE_HOST = "pulumi-language-nodejs";

/** The Pulumi CLI on PATH and its version, if it is one that can be used and has its Node language host with it. */
export function findOnPath(environment) {
  const cli = firstExecutable("pulumi", environment);
  if (cli === undefined) return undefined;
  // A package manager may link only the CLI into its bin folder: the engine looks beside the real file, too.
  const beside = join(dirname(realpathSync(cli)), LANGUAGE_HOST);
  if (!isExecutable(beside) && firstExecutable(LANGUAGE_HOST, environment) === undefined) return undefined;
  const version = versionOf(cli, environment);
  return version !== undefined && isUsable(version) ? { folder: dirname(cli), version } : undefined;
}

/** What a CLI says about itself; undefined if it does not run. */
export function versionOf(cli, environment) {
  try {
    return execFileSync(cli, ["version"], {
      encoding: "utf8",
      env: { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: VERSION_LIMIT_MILLISECONDS,
    }).trim();
  } catch {
    return undefined;
  }
}

function firstExecutable(name, environment) {
  return (environment.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path));
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
