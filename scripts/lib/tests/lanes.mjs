import { readFileSync } from "node:fs";
import { runMocha } from "./runMocha.mjs";

/**
 * Lab tests have hosts of their own and may run beside any others. Only those that share a host, or the huge pages of
 * this machine, run one after the other, in one process; they come first, since they take the longest.
 * @param {string[]} files compiled test files
 * @param {number} novaHosts how many hosts those with a whole Nova share
 * @returns {{name: string, files: string[]}[]}
 */
export function labLanes(files, novaHosts) {
  const left = new Set(files);
  const users = (...modules) => {
    const theirs = [...left].filter((file) => {
      const text = readFileSync(file, "utf8");
      return modules.some((module) => text.includes(`require("${module}")`));
    });
    for (const file of theirs) left.delete(file);
    return theirs;
  };
  const ofPages = users("./support/pagedHost", "../support/lab/pages");
  const [ofNova, ofMachine] = [users("./support/cleanHost"), users("./support/cleanMachine")];
  const sharing = [
    ...dealt("nova", ofNova, novaHosts),
    ...dealt("pages", ofPages, 1),
    ...dealt("machine", ofMachine, 1),
  ];
  return [...sharing, ...eachAlone([...left])];
}

/** So many lanes of about as many files each. */
export function dealt(name, files, count) {
  return Array.from({ length: count }, (_, lane) => ({
    name: count > 1 ? `${name} ${lane + 1}` : name,
    files: files.filter((_, index) => index % count === lane),
  })).filter((lane) => lane.files.length > 0);
}

/** A lane for each file. */
export function eachAlone(files) {
  return files.map((file) => ({ name: nameOf(file), files: [file] }));
}

function nameOf(file) {
  return file
    .split("/")
    .at(-1)
    .replace(/\.test\.js$/, "");
}

/**
 * Runs lanes, so many at once, in their order, each line of output with its lane's name, and gives the sum of their counts.
 * @param {{name: string, files: string[]}[]} lanes
 */
export async function runLanes(lanes, { atOnce = lanes.length, limitSeconds, ...options }) {
  const width = Math.max(...lanes.map(({ name }) => name.length));
  const end = Date.now() + limitSeconds * 1000;
  const results = new Map();
  const waiting = [...lanes];
  const work = async () => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
      const prefix = lanes.length > 1 ? `${lane.name.padEnd(width)} | ` : "";
      const left = Math.ceil((end - Date.now()) / 1000);
      const result = await runMocha(lane.files, { ...options, limitSeconds: left, prefix });
      results.set(lane, result);
      if (result.interrupted) waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return sumOf(lanes, results);
}

function sumOf(lanes, results) {
  const ran = lanes.filter((lane) => results.has(lane)).map((lane) => ({ ...results.get(lane), name: lane.name }));
  const notRun = lanes.length - ran.length;
  return {
    passed: ran.reduce((sum, { passed }) => sum + passed, 0),
    failed: ran.reduce((sum, { failed }) => sum + failed, 0),
    failures: ran.flatMap(({ failures }) => failures),
    problems: [
      ...ran.flatMap(({ problems, name }) =>
        problems.map((problem) => (lanes.length > 1 ? `${name}: ${problem}` : problem)),
      ),
      ...(notRun > 0 ? [`${notRun} of ${lanes.length} lanes did not run: interrupted`] : []),
    ],
    interrupted: ran.some(({ interrupted }) => interrupted),
  };
}
