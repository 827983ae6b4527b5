import { readFileSync } from "node:fs";
import { runMocha } from "./runMocha.mjs";

/**
 * Files that share a lab host run one after the other, in one process; the others go beside them, in one process too.
 * @param {string[]} files compiled test files
 * @returns {{name: string, files: string[]}[]}
 */
export function labLanes(files) {
  const sharesHost = (file) => readFileSync(file, "utf8").includes('require("./support/cleanHost")');
  const lanes = [
    { name: "nova", files: files.filter(sharesHost) },
    { name: "host", files: files.filter((file) => !sharesHost(file)) },
  ];
  return lanes.filter((lane) => lane.files.length > 0);
}

/** Runs lanes side by side, each line of output with its lane's name, and gives the sum of their counts. */
export async function runLanes(lanes, options) {
  const width = Math.max(...lanes.map(({ name }) => name.length));
  const results = await Promise.all(
    lanes.map(({ name, files }) => {
      const prefix = lanes.length > 1 ? `${name.padEnd(width)} | ` : "";
      return runMocha(files, { ...options, prefix });
    }),
  );
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    failures: results.flatMap(({ failures }) => failures),
    problems: results.flatMap(({ problems }, index) =>
      problems.map((problem) => (lanes.length > 1 ? `${lanes[index].name}: ${problem}` : problem)),
    ),
    interrupted: results.some(({ interrupted }) => interrupted),
  };
}
