import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

describe("a plugin whose engine was killed", () => {
  /** Reports every error on standard error, as Pulumi's server for dynamic resources does, also that it cannot. */
  const server = (watch: string) => `
    process.on("uncaughtException", (error) => console.error(error.stack));
    ${watch}
    console.log("up");
    setInterval(() => console.error("progress"), 20);`;

  async function endsWithin(seconds: number, program: string): Promise<boolean> {
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "pipe"] });
    await once(child.stdout, "data");
    const ended = once(child, "exit").then(() => true);
    child.stdout.destroy();
    child.stderr.destroy();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), seconds * 1000);
    });
    const isOver = await Promise.race([ended, late]);
    clearTimeout(timer);
    if (!isOver) child.kill("SIGKILL");
    return isOver;
  }

  it("ends with it", async function () {
    this.timeout(60_000);
    const orphan = join(__dirname, "..", "..", "..", "provider", "orphan.js");
    assert.equal(await endsWithin(50, server(`require(${JSON.stringify(orphan)}).endWithEngine();`)), true);
  });

  it("would go on for ever without that", async () => {
    assert.equal(await endsWithin(2, server("")), false);
  });
});
