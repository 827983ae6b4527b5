import * as fs from "node:fs";
import * as path from "node:path";
import { cloneImage } from "./clone";
import { boot, executeIn, layoutOf, powerOff, runOffline } from "./container";
import type { Image, Progress } from "./image";
import { withLock } from "./lock";
import { sourceFolder } from "./places";
import { describeFailure, LabError, run } from "./process";
import type { Kind } from "./recipe";
import { identify, register } from "./register";
import { waitForServices } from "./services";
import { removeHost } from "./takeDown";

/**
 * Boots an unfinished image with all its services, runs a script in it, powers it off cleanly, and puts what was written
 * meanwhile into a layer: whatever is done once in the life of a cloud then need not be done by every host.
 */
export async function runFirstTime(
  kind: Kind,
  image: Image,
  script: string,
  layer: string,
  progress: Progress,
): Promise<void> {
  const entry = await withLock("register", 60, async () =>
    register({ name: "first-run", exact: false }, { kind, owner: identify(process.pid), hostname: "compute" }),
  );
  try {
    progress(`${kind} image: first start of all services`);
    await cloneImage(entry, image);
    await boot(entry.name, 180);
    await waitForServices(entry.name, "full", 120);
    progress(`${kind} image: ${script}`);
    const text = fs.readFileSync(path.join(sourceFolder(), "image", script), "utf8");
    const result = await executeIn(entry.name, text, { seconds: 180 });
    if (result.exitCode !== 0) {
      throw new LabError(describeFailure(script, result));
    }
    progress(`${kind} image: powering off, putting away`);
    await powerOff(entry.name, 60);
    await runOffline(layoutOf(entry.name).root, "clean.sh");
    await run("umount", [layoutOf(entry.name).root]);
    await run("cp", ["-a", layoutOf(entry.name).upper, layer], { seconds: 300 });
  } finally {
    await removeHost(entry.name);
  }
}
