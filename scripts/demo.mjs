// Shows the whole product on a real host: node scripts/demo.mjs [--keep]
//
// Builds what is out of date, then hands over to the compiled demo.
import { join } from "node:path";
import { runAttached } from "./lib/command.mjs";
import { buildFolder, root, toolFolder } from "./lib/paths.mjs";
import { setup } from "./setup.mjs";

const demo = join(buildFolder, "test", "support", "demo", "main.js");

try {
  const environment = await setup();
  process.exitCode = await runAttached(join(toolFolder, "node"), [demo, ...process.argv.slice(2)], {
    cwd: root,
    env: environment,
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
