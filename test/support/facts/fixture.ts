import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

/** The repository's own fixtures, seen from the compiled file. */
export const fixturesFolder = resolve(__dirname, "..", "..", "..", "..", "test", "fixtures");

/** Part of what a facts script printed on a real host, and what that must be read as. */
export interface FactFixture {
  /** Sections in their order, each with its lines (joined by newlines they are the section's bytes, as latin1). */
  sections: { name: string; lines: string[] }[];
  /** Written by hand from looking at the host; the recorder leaves it alone. Only what is named here is compared. */
  expected: unknown;
}

export interface Named<T> {
  /** Name of the file: the case in plain words. */
  name: string;
  content: T;
}

/** Every JSON file of a folder below test/fixtures: one file is one case. */
export function readFixtures<T>(...folder: string[]): Named<T>[] {
  const path = join(fixturesFolder, ...folder);
  return readdirSync(path)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => ({
      name: basename(file, ".json").replaceAll("-", " "),
      content: JSON.parse(readFileSync(join(path, file), "utf8")) as T,
    }));
}

export const fixtureNonce = "0123456789abcdef0123456789abcdef";

/** The bytes that a facts script would have printed for these sections alone. */
export function printed(sections: FactFixture["sections"]): string {
  const all = [...sections, { name: "end", lines: [""] }];
  return all.map(({ name, lines }) => `\n${fixtureNonce} ${name}\n${lines.join("\n")}`).join("");
}
