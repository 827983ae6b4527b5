import { strict as assert } from "node:assert";
import { isFullRun, sampled } from "../support/sampled";
import type { Sandbox } from "../support/sandbox/sandbox";
import { cutting } from "../support/sandbox/stubs";
import {
  apply,
  changed,
  hostId,
  novaConf,
  one,
  original,
  pending,
  planFor,
  prepared,
  record,
} from "./support/appliedMemory";

describe("the script of an apply that is cut", function () {
  // Hundreds of applies, one for each place to be cut at: on a busy machine that takes minutes.
  this.timeout(900_000);
  let sandbox: Sandbox;
  afterEach(() => sandbox?.remove());

  it("before any of its commands leaves nothing half, and a second run ends it", () => {
    const tools = ["mkdir", "rm", "cp", "cat", "sync", "mv", "base64", "head", "tail"];
    const declared = { ...one, memoryBackingDir: "/var/lib/libvirt/qemu/ram2" };
    const cuts = cutEach("an apply", (at) => {
      sandbox?.remove();
      sandbox = prepared();
      for (const tool of tools) sandbox.write(`/usr/sbin/${tool}`, cutting(tool), 0o755);
      sandbox.write("/run/cut", `${at}\n`);
      const first = apply(sandbox, declared);
      if (first.ended) return false;
      assertNothingHalf(sandbox, `cut before command ${at}`);
      sandbox.write("/run/cut", "0\n");
      const second = apply(sandbox, declared);
      assert.equal(
        second.report.status ?? "nothing to do",
        second.log ? "applied" : "nothing to do",
        `${at}: ${second.log}`,
      );
      assert.equal(sandbox.read(novaConf), changed, `cut before command ${at}`);
      assert.ok(sandbox.read(record) && sandbox.read(pending) && sandbox.read(hostId), `cut before command ${at}`);
      const left = sandbox.run("ls -A /etc/nova /etc/libvirt /run").match(/^.*hostmem-new.*$|^hostmem\.\w+$/m);
      const isLock = left?.[0] === "hostmem.lock";
      assert.ok(left === null || isLock, `cut before command ${at}: ${left?.[0]}`);
      return true;
    });
    assert.ok(cuts > (isFullRun ? 30 : 3), `${cuts} cuts`);
  });

  it("before any of its commands while it removes an object leaves nothing half, too", () => {
    const tools = ["mkdir", "rm", "cp", "sync", "mv", "base64"];
    const cuts = cutEach("a removal", (at) => {
      sandbox?.remove();
      sandbox = prepared();
      apply(sandbox, one);
      for (const tool of tools) sandbox.write(`/usr/sbin/${tool}`, cutting(tool), 0o755);
      sandbox.write("/run/cut", `${at}\n`);
      // The restart is of the lab tests: here it would only take its time.
      const { steps } = planFor(sandbox, "removed");
      const first = sandbox.apply({ steps: steps.filter((step) => step.kind !== "activate"), warnings: [] });
      if (first.ended) return false;
      assertNothingHalf(sandbox, `cut before command ${at}`);
      sandbox.write("/run/cut", "0\n");
      const again = planFor(sandbox, "removed");
      sandbox.apply({ steps: again.steps.filter((step) => step.kind !== "activate"), warnings: [] });
      assert.equal(sandbox.read(novaConf), original, `cut before command ${at}`);
      for (const path of [record, pending])
        assert.equal(sandbox.read(path), undefined, `cut before command ${at}: ${path}`);
      return true;
    });
    assert.ok(cuts > 0);
  });
});

/** Cuts before each command until `cut` says that there is none; unless this is a full run, before every eighth, by lot. */
function cutEach(what: string, cut: (at: number) => boolean): number {
  let cuts = 0;
  for (const first of sampled(`eighths of the commands of ${what}`, [1, 2, 3, 4, 5, 6, 7, 8], 1)) {
    for (let at = first; cut(at); at += 8) cuts++;
  }
  return cuts;
}

/** At any moment a file is the old or the new one, and what is ours in it is recorded, with the restart that it needs. */
function assertNothingHalf(sandbox: Sandbox, when: string): void {
  const text = sandbox.read(novaConf);
  assert.ok(text === original || text === changed, when);
  const ours = sandbox.read(record);
  if (text === changed) {
    assert.ok(ours?.includes("file_backed_memory = 1024"), when);
    assert.ok(sandbox.read(pending), when);
  }
  for (const path of [record, pending]) {
    const content = sandbox.read(path);
    if (content !== undefined) JSON.parse(content);
  }
}
