import type { MigrationClass } from "./classes";
import { type Cell, reportOf } from "./matrix";

/** Colours tell nothing that the words do not; each pair has a contrast of 7 to 1 or more. */
const style = `
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 75rem; color: #1a1a1a; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid #8c8c8c; padding: .35rem .6rem; text-align: left; vertical-align: top; overflow-wrap: normal; }
th { background: #f0f0f0; }
td.works { background: #dff3e0; } td.refused { background: #ffe9c7; } td.breaks { background: #ffd9d6; font-weight: 600; }
td.impossible { color: #444; }
sup a { padding-left: .2em; }
li { margin: .3rem 0; scroll-margin-top: .5rem; }
li:target { outline: 2px solid #1a1a1a; }
@media print { body { margin: 0; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
`;

const meanings: Record<NonNullable<Cell["outcome"]>, string> = {
  works: "Nova migrates the guest, and it stays as it is.",
  refused: "Nova says no before anything happens.",
  breaks: "Nova does not refuse; the migration fails half-way, or the guest is not what it seems afterwards.",
  impossible: "There can be no such guest on the host that it would leave.",
};

/** The matrix as one HTML page that needs nothing else: no script, no font, no picture, no network. */
export function htmlOf(title: string, classes: readonly MigrationClass[]): string {
  const { classes: rows, tables, notes } = reportOf(classes);
  const head = rows.map(({ name }) => `<th scope="col">${text(name)}</th>`).join("");
  const legend = rows.map(
    ({ name, count, hosts, traits }) =>
      `<tr><th scope="row">${text(name)}</th><td>${count}</td><td>${text(hosts)}</td><td>${text(traits)}</td></tr>`,
  );
  const matrices = tables.map(({ guests, rows: lines }) => {
    const body = lines.map(
      ({ from, cells }) => `<tr><th scope="row">${text(from)}</th>${cells.map(cell).join("")}</tr>`,
    );
    return `<h2>Guests ${text(guests)}</h2>
<div class="wide"><table><thead><tr><th scope="col">from \\ to</th>${head}</tr></thead><tbody>
${body.join("\n")}
</tbody></table></div>`;
  });
  const why = notes.map((note, index) => `<li id="note-${index + 1}">${text(note)}</li>`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${text(title)}</h1>
<div class="wide"><table><thead><tr><th scope="col">class</th><th scope="col">hosts</th><th scope="col">names</th><th scope="col">what they are</th></tr></thead><tbody>
${legend.join("\n")}
</tbody></table></div>
<dl>${Object.entries(meanings)
    .map(([word, meaning]) => `<dt><b>${word}</b></dt><dd>${meaning}</dd>`)
    .join("")}</dl>
${matrices.join("\n")}
${why.length > 0 ? `<h2>Why</h2>\n<ol>\n${why.join("\n")}\n</ol>` : ""}
</body>
</html>
`;
}

function cell({ outcome, note }: Cell): string {
  if (outcome === undefined) return "<td></td>";
  const link = note === undefined ? "" : `<sup><a href="#note-${note}">${note}</a></sup>`;
  return `<td class="${outcome}">${outcome}${link}</td>`;
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => entities[character]!);
}
