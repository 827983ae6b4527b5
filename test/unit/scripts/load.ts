import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const repository = resolve(__dirname, "..", "..", "..", "..");

/** Loads a script module, which is plain JavaScript outside the compiler's reach. */
// biome-ignore lint/suspicious/noExplicitAny: the scripts have no types
export function loadScript(path: string): Promise<any> {
  return import(pathToFileURL(join(repository, "scripts", path)).href);
}
