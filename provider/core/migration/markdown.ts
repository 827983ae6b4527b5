import type { MigrationClass } from "./classes";
import { type Cell, reportOf } from "./matrix";

/** The matrix as Markdown, with tables as GitHub and GitLab show them. */
export function markdownOf(title: string, classes: readonly MigrationClass[]): string {
  const { classes: rows, tables, notes } = reportOf(classes);
  const names = rows.map(({ name }) => name);
  const parts = [
    `# ${text(title)}\n`,
    table(
      ["class", "hosts", "", "what they are"],
      rows.map(({ name, count, hosts, traits }) => [`**${name}**`, String(count), text(hosts), text(traits)]),
    ),
  ];
  for (const { guests, rows: lines } of tables) {
    parts.push(`\n## Guests ${text(guests)}\n`);
    parts.push(
      table(
        ["from \\ to", ...names],
        lines.map(({ from, cells }) => [`**${from}**`, ...cells.map(cellText)]),
      ),
    );
  }
  if (notes.length > 0) parts.push(`\n## Why\n`, notes.map((note, index) => `${index + 1}. ${text(note)}\n`).join(""));
  return parts.join("\n");
}

function cellText({ outcome, note }: Cell): string {
  if (outcome === undefined) return "";
  return note === undefined ? outcome : `${outcome} (${note})`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

/** Text as Markdown shows it unchanged, on one line. */
function text(value: string): string {
  return value.replace(/[\\`*_<>[\]|#&]/g, "\\$&").replace(/\s+/g, " ");
}
