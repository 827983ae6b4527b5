import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "./oslo/environment";

const run = promisify(execFile);

/** What to unpack: libraries with all that they need and this machine lacks, and packages of which only files are wanted. */
export interface Wanted {
  libraries?: readonly string[];
  files?: readonly string[];
}

/**
 * A folder with packages of this machine's distribution, unpacked on first use. Nothing is installed, as a test has no
 * business starting daemons here.
 */
export async function unpacked(name: string, { libraries = [], files = [] }: Wanted): Promise<string> {
  const folder = join(cacheDirectory, name);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const needed = libraries.length === 0 ? [] : await installedWith(libraries);
  await run("apt-get", ["download", ...needed, ...files], { cwd: draft, timeout: 300_000 });
  for (const file of readdirSync(draft)) await run("dpkg-deb", ["--extract", file, "."], { cwd: draft });
  try {
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true }); // another run was faster
  }
  return folder;
}

async function installedWith(packages: readonly string[]): Promise<string[]> {
  const options = ["--simulate", "--no-install-recommends", "--reinstall"];
  const { stdout } = await run("apt-get", ["install", ...options, ...packages]);
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!);
}

/** A library below such a folder, and the environment in which the libraries beside it are found. */
export function library(folder: string, name: string): { path: string; environment: Record<string, string> } {
  const places = ["usr/lib", "lib"].map((place) => join(folder, place)).filter((place) => existsSync(place));
  const folders = places.flatMap((place) => readdirSync(place).map((architecture) => join(place, architecture)));
  const found = folders.find((candidate) => existsSync(join(candidate, name)));
  if (!found) throw new Error(`there is no ${name} below ${folder}`);
  return { path: join(found, name), environment: { LD_LIBRARY_PATH: folders.join(":") } };
}
