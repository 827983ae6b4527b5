// Builds what is out of date, then hands over to the lab's own tool: node scripts/lab.mjs COMMAND [ARGUMENT...]
import { join } from "node:path";
import { runAttached } from "./lib/command.mjs";
import { toolFolder } from "./lib/paths.mjs";
import { labTool } from "./lib/tests/layers.mjs";
import { setup } from "./setup.mjs";

try {
  const environment = await setup();
  process.exitCode = await runAttached(join(toolFolder, "node"), [labTool, ...process.argv.slice(2)], {
    env: environment,
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
