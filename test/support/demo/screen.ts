import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { repositoryRoot } from "../lab/places";

/** One piece of work that may take long, shown once it does. */
export interface Progress {
  done(): void;
  failed(): void;
}

const bold = (text: string) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);

export function heading(text: string): void {
  console.log(`\n${bold(`== ${text}`)}`);
}

/** An indented text, the way everything below a heading is printed. */
export function say(text: string): void {
  console.log(text.replace(/^(?=.)/gm, "  "));
}

/** Rows of words below each other. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
}

/** Does something, and says so as long as it takes more than a second. */
export async function during<T>(what: string, work: () => Promise<T>): Promise<T> {
  const progress = await startProgress(what);
  try {
    const result = await work();
    progress.done();
    return result;
  } catch (error) {
    progress.failed();
    throw error;
  }
}

/** For work that names its parts one after the other: each is shown until the next begins. */
export async function duringParts<T>(first: string, work: (next: (part: string) => void) => Promise<T>): Promise<T> {
  const { startProgress: start } = await scripts("lib/progress.mjs");
  let current: Progress = start(first);
  try {
    const result = await work((part) => {
      current.done();
      current = start(part);
    });
    current.done();
    return result;
  } catch (error) {
    current.failed();
    throw error;
  }
}

async function startProgress(what: string): Promise<Progress> {
  return (await scripts("lib/progress.mjs")).startProgress(what);
}

/** A module of scripts/, which are plain JavaScript so that they run before anything is compiled. */
// biome-ignore lint/suspicious/noExplicitAny: the scripts have no types
export function scripts(path: string): Promise<any> {
  return import(pathToFileURL(join(repositoryRoot(), "scripts", path)).href);
}
