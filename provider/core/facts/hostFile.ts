import { createHash } from "node:crypto";
import type { Sections } from "./sections";
import { fileLimit } from "./sections";

/** A file as the host has it. */
export interface HostFile {
  /** As named by whoever uses it. */
  path: string;
  /** With symbolic links resolved: the file that an edit must replace. */
  realPath: string;
  /** Content, one character a byte. */
  text: string;
  /** Hex SHA-256 of the content. */
  sha256: string;
  /** Seconds since the epoch. */
  modifiedAt: number;
  /** How many names it has: a file that is edited is replaced under one of them. */
  links: number;
  isRegular: boolean;
  /** Longer than we are willing to edit; `text` is then cut. */
  tooLarge: boolean;
}

export function parseHostFiles(sections: Sections): Map<string, HostFile> {
  const files = new Map<string, HostFile>();
  // Nova would read it, and nothing here can say where its name ends.
  const [broken] = sections.withPrefix("broken-name");
  if (broken !== undefined) {
    const problem = `the name of a configuration file has a line break in it: ${broken[0]}`;
    throw sections.unexpected(problem, "Give the file another name, or move it away.");
  }
  for (const [path, content] of sections.withPrefix("file")) {
    if (content.trimEnd() === "gone") continue;
    const match = /^([0-9a-f]+) \d+ \d+ \d+ (-?\d+) (\d+)\n([^\n]*)\n([\s\S]*)$/.exec(content);
    // A file that cannot be looked at is not one that is missing.
    if (!match) throw sections.unexpected(`stat and readlink say nothing of ${path} that can be read`);
    const [, mode = "", modifiedAt, links, realPath = "", text = ""] = match;
    files.set(path, {
      path,
      realPath,
      text,
      sha256: sha256(text),
      modifiedAt: Number(modifiedAt),
      links: Number(links),
      isRegular: (Number.parseInt(mode, 16) & 0o170000) === 0o100000,
      tooLarge: text.length > fileLimit,
    });
  }
  return files;
}

/** @param text latin1 text, one character a byte. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "latin1").digest("hex");
}
