import { assignmentsOf } from "../../../provider/core/files/osloConfig";
import type { OsloAnswer, OsloRequest } from "./oracle";
import { readHost, readOption } from "./ours";

/** The kinds of cases that a run must have produced, or it proves nothing about them. */
export const hostClasses = [
  "comment",
  "repeated option",
  "repeated section",
  "section in another case",
  "several multi values",
  "continuation line",
  "colon separator",
  "CRLF",
  "lone CR",
  "no final line ending",
  "quoted value",
  "several files",
  "directory",
  "explicit file",
  "abbreviated argument",
  "environment decides",
  "interpolated",
  "not resolvable",
  "unreadable value",
  "fatal: parse",
  "fatal: encoding",
  "fatal: byte order mark",
  "fatal: missing file",
  "accepted",
];

/** What kinds of cases a generated host has in the files that are read. */
export function classesOfHost(request: OsloRequest, answer: OsloAnswer): Set<string> {
  const found = new Set<string>();
  const note = (name: string, occurs: boolean) => occurs && found.add(name);
  const { files } = readHost(request);
  for (const file of files) {
    const names = assignmentsOf(file).map(({ section, option }) => `${section}.${option}`);
    const headers = [...file.text.matchAll(/^\[(.*)\][ \t]*$/gm)].map((match) => match[1]!);
    const lowered = headers.map((header) => header.toLowerCase());
    note("comment", /^[#;]/m.test(file.text));
    note("repeated option", new Set(names).size < names.length);
    note("repeated section", new Set(headers).size < headers.length);
    note("section in another case", new Set(lowered).size < new Set(headers).size);
    note(
      "continuation line",
      assignmentsOf(file).some(({ value }) => value.includes("\n")),
    );
    note(
      "colon separator",
      assignmentsOf(file).some(({ raw }) => /^[^=]*:/.test(raw)),
    );
    note("CRLF", file.text.includes("\r\n"));
    note("lone CR", /\r(?!\n)/.test(file.text));
    note("no final line ending", /[^\r\n]$/.test(file.text));
    note(
      "quoted value",
      assignmentsOf(file).some(({ raw }) => /[=:]\s*(["']).*\1\s*$/.test(raw)),
    );
    note("directory", /\.d\/|extra/.test(file.path));
    note("fatal: byte order mark", file.text.startsWith("\xef\xbb\xbf") && file.failure !== undefined);
  }
  note("several files", files.length > 1);
  note(
    "explicit file",
    request.args.some((arg) => arg.startsWith("--config-file")),
  );
  note(
    "abbreviated argument",
    request.args.some((arg) => /^--config-[fd](=|$)/.test(arg)),
  );
  if ("error" in answer) {
    note("fatal: parse", answer.error === "ConfigFileParseError");
    note("fatal: encoding", answer.error === "UnicodeDecodeError");
    note("fatal: missing file", answer.error === "ConfigFilesNotFoundError");
    return found;
  }
  found.add("accepted");
  for (const [index, [section, option]] of request.read.entries()) {
    const theirs = answer.values[index]!;
    const ours = readOption(files, request.environment, section, option);
    const unset = readOption(files, {}, section, option);
    note("environment decides", JSON.stringify(ours) !== JSON.stringify(unset));
    note("not resolvable", "error" in theirs && "error" in ours && ours.error === "unresolved");
    note("unreadable value", "error" in theirs && "error" in ours && ours.error !== "unresolved");
    if (!("value" in theirs)) continue;
    note(
      "several multi values",
      option === "reserved_huge_pages" && Array.isArray(theirs.value) && theirs.value.length > 1,
    );
    const last = files
      .flatMap(assignmentsOf)
      .filter((each) => each.section === section && each.option === option)
      .at(-1);
    note("interpolated", /\$\{?[a-z]/.test(last?.value ?? "") && theirs.value !== last?.value);
  }
  return found;
}
