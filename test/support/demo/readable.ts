/** What of a command's output a reader gets to see while it runs. */
export type Shown = "all" | "host lines" | "nothing";

/** A row of the CLI's log that carries a message of ours: `+  pulumi:pulumi:Stack NAME creating (1s) [HOST] wrote FILE`. */
const message = /^ .*pulumi:pulumi:Stack .*?(\[[^\]]+\] .*)$/;

/**
 * What is left of a line that the CLI writes into a log, where it says every message when it comes and again at the end:
 * "all" keeps the end and everything else, "host lines" keeps the messages as they come and how it ended.
 */
export function readable(line: string, shown: Shown): string[] {
  const said = message.exec(line)?.[1];
  switch (shown) {
    case "nothing":
      return [];
    case "all":
      return said !== undefined || / \d+ messages?$/.test(line) ? [] : [line];
    case "host lines":
      return said === undefined ? ending(line) : [said];
  }
}

function ending(line: string): string[] {
  return /^ {4}[+~-] \d+ \w+$|^Duration: /.test(line) ? [line.trim()] : [];
}

/** The errors that the CLI lists at the end of a log, each with its further lines. */
export function errorsIn(output: string): string {
  const diagnostics = output.slice(output.lastIndexOf("\nDiagnostics:\n") + 1).split("\n");
  const errors: string[] = [];
  let inError = false;
  for (const line of diagnostics) {
    inError = /^ +error: /.test(line) || (inError && line.trim() !== "" && !/^ {2}\S/.test(line));
    if (inError) errors.push(line.replace(/^ {4}/, ""));
  }
  return errors.join("\n");
}
