import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";

/** The repository's top folder. */
export const root = resolve(import.meta.dirname, "..", "..");

/** What this machine keeps between runs and between clones. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-hostmem");

/** The folder with the tools of package.json, among them the Node that the Pulumi SDK needs. */
export const toolFolder = join(root, "node_modules", ".bin");

/** The Pulumi SDK's top folder, which holds the plugin that serves dynamic resources. */
export const pluginFolder = join(root, "node_modules", "@pulumi", "pulumi");

/** The compiler's output, and below it everything a run of the tests creates. */
export const buildFolder = join(root, "build");

/**
 * Puts folders first on PATH, each once: a nested call must not make it longer.
 * @param {NodeJS.ProcessEnv} environment
 * @param {...string} folders
 */
export function withFoldersOnPath(environment, ...folders) {
  const rest = (environment.PATH ?? "").split(delimiter).filter((folder) => folder && !folders.includes(folder));
  return { ...environment, PATH: [...folders, ...rest].join(delimiter) };
}
