// node scripts/test.mjs [unit|engine|lab|full] [-- MOCHA ARGUMENTS]
//
// Runs the layers of tests, one after the other and all of them, whatever fails on the way. The last line is the total.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { CommandFailed, runAttached } from "./lib/command.mjs";
import { root, toolFolder } from "./lib/paths.mjs";
import { runLanes } from "./lib/tests/lanes.mjs";
import { layers, testFilesOf, testFilesOutsideLayers } from "./lib/tests/layers.mjs";
import { tally } from "./lib/tests/tally.mjs";
import { trialTables } from "./lib/tests/trials.mjs";
import { setup } from "./setup.mjs";

const nothing = { passed: 0, failed: 0, failures: [], problems: [] };

function parse(args) {
  const separator = args.indexOf("--");
  const [choice, ...unexpected] = separator < 0 ? args : args.slice(0, separator);
  const extra = separator < 0 ? [] : args.slice(separator + 1);
  const chosen = layers.filter(({ name }) => choice === undefined || choice === "full" || choice === name);
  if (chosen.length === 0 || unexpected.length > 0) {
    throw new Error("usage: node scripts/test.mjs [unit|engine|lab|full] [-- MOCHA ARGUMENTS]");
  }
  return { chosen, full: choice === "full", extra };
}

async function runAll({ chosen, full, extra }, trials) {
  const results = [];
  const record = async (name, work) => {
    const started = Date.now();
    const result = await work().catch((error) => ({ ...nothing, problems: [messageOf(error)] }));
    results.push({ ...result, name, seconds: (Date.now() - started) / 1000 });
    return result;
  };
  let environment;
  const built = await record("build", async () => {
    environment = { ...withSeed(await setup(), full), HOSTMEM_TRIALS: trials };
    const lost = testFilesOutsideLayers().map((file) => `in no layer of tests: ${relative(root, file)}`);
    return { ...nothing, problems: lost };
  });
  if (environment === undefined) return results;
  console.log(`seed ${environment.HOSTMEM_SEED} (HOSTMEM_SEED=${environment.HOSTMEM_SEED} repeats it)`);
  if (built.problems.length === 0) results.pop(); // worth a line only when it went wrong
  let interrupted = false;
  const onSignal = () => {
    interrupted = true;
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  if (chosen.some(({ name }) => name === "unit")) await record("lint", () => lint(environment));
  for (const layer of chosen) {
    await record(layer.name, () => (interrupted ? stopped() : runLayer(layer, environment, { full, extra })));
  }
  return results;
}

/**
 * Sampled tests draw from the seed, so that a failure can be repeated. What is committed makes it: a pipeline that runs
 * a commit once more runs the same tests, and each commit draws others.
 */
function withSeed(environment, full) {
  const seed = environment.HOSTMEM_SEED || String(committedSeed() ?? randomInt(2 ** 31));
  return { ...environment, HOSTMEM_SEED: seed, ...(full ? { HOSTMEM_TEST_FULL: "1" } : {}) };
}

function committedSeed() {
  const { stdout, status } = spawnSync("git", ["rev-parse", "HEAD^{tree}"], { cwd: root, encoding: "utf8" });
  return status === 0 ? Number.parseInt(stdout.slice(0, 7), 16) : undefined;
}

async function lint(environment) {
  const code = await runAttached(join(toolFolder, "biome"), ["check", "."], { cwd: root, env: environment });
  return code === 0 ? { ...nothing, passed: 1 } : { ...nothing, problems: [`biome check: exit code ${code}`] };
}

async function runLayer(layer, environment, { full, extra }) {
  console.log(`\n== ${layer.name} ==`);
  const files = testFilesOf(layer.name);
  if (files.length === 0) return { ...nothing, problems: ["no test was found in this layer"] };
  const result = await runLanes(layer.lanes(files, full), {
    ...layer,
    atOnce: layer.atOnce,
    environment: await layer.prepare(environment),
    extra,
  });
  // With arguments such as -g a layer may well have nothing to run; the total still must not be nothing.
  const ran = result.passed + result.failed + result.problems.length > 0;
  return ran || extra.length > 0 ? result : { ...result, problems: ["not one test ran in this layer"] };
}

function expectedTables({ chosen, full, extra }) {
  // With arguments such as -g not all of them need have anything to try.
  if (extra.length > 0) return [];
  return [...new Set(chosen.flatMap(({ tables, fullTables = [] }) => [...tables, ...(full ? fullTables : [])]))];
}

async function stopped() {
  return { ...nothing, problems: ["not run: interrupted"] };
}

function messageOf(error) {
  return error instanceof CommandFailed ? error.message : (error.stack ?? String(error));
}

const notes = mkdtempSync(join(tmpdir(), "hostmem-trials-"));
try {
  const trials = join(notes, "trials.jsonl");
  const options = parse(process.argv.slice(2));
  const results = await runAll(options, trials);
  const tables = trialTables(trials, expectedTables(options));
  if (tables.lines.length > 0) console.log(`\n== what was tried ==\n${tables.lines.join("\n")}`);
  if (tables.problems.length > 0) results.push({ ...nothing, name: "tried", problems: tables.problems, seconds: 0 });
  const { lines, good } = tally(results);
  console.log(`\n${lines.join("\n")}`);
  process.exitCode = good ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
} finally {
  rmSync(notes, { recursive: true, force: true });
}
