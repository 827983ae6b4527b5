// The Pulumi CLI with its Node language host and the plugin for dynamic providers, without an account.
//
//   node scripts/toolchain.mjs                        prints where the CLI is
//   node scripts/toolchain.mjs -- pulumi preview      runs a command with it, in the current folder
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runAttached } from "./lib/command.mjs";
import { cacheFolder, pluginFolder, toolFolder, withFoldersOnPath } from "./lib/paths.mjs";
import { cachedToolchain } from "./lib/toolchain/cached.mjs";
import { findOnPath, versionOf } from "./lib/toolchain/onPath.mjs";
import { setup } from "./setup.mjs";

/**
 * Finds or makes the toolchain: the CLI on PATH if it is a usable one, else Pulumi's installer, else a build from Go modules.
 * @returns {Promise<{environment: NodeJS.ProcessEnv, cli: string, version: string}>}
 */
export async function toolchain() {
  const base = await setup();
  const folder = findOnPath(base)?.folder ?? (await cachedToolchain(base));
  // A CLI of a package manager may come without the plugin for dynamic resources; every SDK has it.
  const onPath = withFoldersOnPath(base, toolFolder, folder, pluginFolder);
  const environment = { ...onPath, PULUMI_SKIP_UPDATE_CHECK: "true", ...stateOf(base) };
  const cli = join(folder, "pulumi");
  return { environment, cli, version: versionOf(cli, environment) };
}

/** A local place for state, with an empty passphrase, for those who have chosen none: neither by variable nor by `pulumi login`. */
function stateOf(environment) {
  if (environment.PULUMI_BACKEND_URL || isLoggedIn(environment)) return {};
  const folder = join(cacheFolder, "state");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passphrase = environment.PULUMI_CONFIG_PASSPHRASE ?? "";
  const backend = { PULUMI_BACKEND_URL: pathToFileURL(folder).href };
  return environment.PULUMI_CONFIG_PASSPHRASE_FILE ? backend : { ...backend, PULUMI_CONFIG_PASSPHRASE: passphrase };
}

function isLoggedIn(environment) {
  const file = join(environment.PULUMI_HOME || join(homedir(), ".pulumi"), "credentials.json");
  if (environment.PULUMI_ACCESS_TOKEN) return true;
  if (!existsSync(file)) return false;
  try {
    return Boolean(JSON.parse(readFileSync(file, "utf8")).current);
  } catch {
    return true; // not for us to judge: the CLI says what is wrong with it
  }
}

async function main(args) {
  const { environment, cli, version } = await toolchain();
  if (args[0] === "--" && args.length > 1) {
    const [command, ...rest] = args.slice(1);
    return runAttached(command, rest, { env: environment });
  }
  if (args.length > 0) throw new Error("usage: node scripts/toolchain.mjs [-- COMMAND [ARGUMENT...]]");
  console.log(`${cli} (${version})`);
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
