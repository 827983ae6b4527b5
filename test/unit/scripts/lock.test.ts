import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadScript } from "./load";

describe("the lock around what two processes must not do at once", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-lock-"));
    file = join(folder, "below", "lock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function withLock(limitSeconds: number, work: () => Promise<unknown>) {
    const { withLock } = await loadScript("lib/lock.mjs");
    return withLock(file, "testing", limitSeconds, work);
  }

  it("lets one in after the other", async () => {
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(`${name} out`);
    };
    await Promise.all([withLock(5, work("first")), withLock(5, work("second"))]);
    assert.match(seen.join(), /^(\w+) in,\1 out,(\w+) in,\2 out$/);
    assert.equal(existsSync(file), false);
  });

  it("is free again after a failure", async () => {
    await assert.rejects(
      withLock(1, async () => {
        throw new Error("on purpose");
      }),
      /on purpose/,
    );
    assert.equal(await withLock(1, async () => "in"), "in");
  });

  it("is taken over from a process that has died", async () => {
    await withLock(1, async () => {});
    const { pid } = spawnSync("true");
    writeFileSync(file, `${pid}\n`);
    assert.equal(await withLock(1, async () => "in"), "in");
  });

  it("is waited for only so long while its holder lives", async () => {
    await withLock(1, async () => {});
    writeFileSync(file, `${process.pid}\n`);
    await assert.rejects(
      withLock(0.3, async () => {}),
      new RegExp(`process ${process.pid} has been at it`),
    );
  });
});
