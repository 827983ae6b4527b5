import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { identify, isAlive } from "../../../support/lab/register";

describe("the owner of a lab host", () => {
  it("is alive while its process is, and not after", async () => {
    const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    const identity = identify(child.pid ?? 0);
    assert.ok(identity);
    assert.equal(isAlive(identity), true);
    child.stdin.end();
    await once(child, "exit");
    assert.equal(isAlive(identity), false);
  });

  it("is not another process that got the same number later", () => {
    const us = identify(process.pid);
    assert.ok(us);
    assert.equal(isAlive(us), true);
    assert.equal(isAlive({ ...us, startedAt: "1" }), false);
  });

  it("is not a process of before the machine's last boot", () => {
    const us = identify(process.pid);
    assert.ok(us);
    assert.equal(isAlive({ ...us, bootId: "another boot" }), false);
  });

  it("is none for a host that stays", () => {
    assert.equal(isAlive(undefined), false);
  });
});
