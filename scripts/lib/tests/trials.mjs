import { existsSync, readFileSync } from "node:fs";

/**
 * A table for each kind of trial that the tests wrote down: how many were tried, and how many proved each of what they
 * had to prove. It is good only when all did: a case that stopped half way counts as tried and as nothing else.
 * A table that no trial was written into is not good either: its tests may have lost their cases.
 * @param {string} file what `test/support/trials.ts` wrote, one JSON object a line
 * @param {string[]} expected tables that there must be
 */
export function trialTables(file, expected = []) {
  const tables = new Map();
  const samples = new Map();
  for (const { sample, drawn, of, table, trial, must, proved } of readLines(file)) {
    if (sample) {
      const known = samples.get(sample) ?? { drawn: 0, of: 0 };
      samples.set(sample, { drawn: known.drawn + drawn, of: known.of + of });
      continue;
    }
    const trials = tables.get(table) ?? new Map();
    tables.set(table, trials);
    const known = trials.get(trial) ?? { must: [], proved: new Set() };
    trials.set(trial, known);
    if (must) known.must = must;
    if (proved) known.proved.add(proved);
  }
  const problems = expected.filter((table) => !tables.has(table)).map((table) => `${table}: nothing was tried`);
  const lines = [...tables].map(([table, trials]) => {
    const columns = [...new Set([...trials.values()].flatMap(({ must }) => must))];
    const counts = columns.map((column) => {
      const asked = [...trials].filter(([, { must }]) => must.includes(column));
      const lost = asked.filter(([, { proved }]) => !proved.has(column)).map(([trial]) => trial);
      problems.push(...lost.map((trial) => `${table}: ${trial}: not ${column}`));
      return `${asked.length - lost.length}${lost.length > 0 ? ` of ${asked.length}` : ""} ${column}`;
    });
    return { table, text: [`${trials.size} tried`, ...counts].join(", ") };
  });
  const width = Math.max(0, ...lines.map(({ table }) => table.length));
  return {
    lines: [...lines.map(({ table, text }) => `${table.padEnd(width)}  ${text}`), ...saidOf(samples)],
    problems,
  };
}

function saidOf(samples) {
  if (samples.size === 0) return [];
  const each = [...samples].map(([sample, { drawn, of }]) => `${sample} ${drawn} of ${of}`);
  return [`Samples, of which npm run test:full tries more: ${each.join("; ")}.`];
}

function readLines(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
