// Tries every reader of files and of what hosts print: node scripts/fuzz.mjs [--minutes M] [--seed S] [--only NAME]
//
// Builds what is out of date, then hands over to the compiled fuzzer.
import { join } from "node:path";
import { runAttached } from "./lib/command.mjs";
import { buildFolder, root, toolFolder } from "./lib/paths.mjs";
import { setup } from "./setup.mjs";

const fuzzer = join(buildFolder, "test", "support", "fuzz", "main.js");

try {
  const environment = await setup();
  process.exitCode = await runAttached(join(toolFolder, "node"), [fuzzer, ...process.argv.slice(2)], {
    cwd: root,
    env: environment,
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
