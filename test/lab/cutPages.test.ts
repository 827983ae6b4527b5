import { strict as assert } from "node:assert";
import { cutEverywhere, problemsOf } from "../support/fault/campaign";
import { type CutHost, startCutHost } from "../support/fault/lab";
import type { Life } from "../support/fault/life";
import { impatient, mountPoint } from "../support/fault/lives";
import { borrowPages, emptyPool, pagesInPool, returnPages } from "../support/lab/pages";

/** Pools, their unit and lines of one host: made, changed and taken back. The pool is the machine's, so one host lives it. */
const life: Life = {
  name: "with page sizes",
  mountPoint,
  renew: async () => emptyPool(),
  phases: [
    { name: "make pools and lines", change: (core) => core.up(policy("small", 3), { change: impatient }) },
    {
      name: "change them",
      change: (core) => core.up(policy(["small", "2 MiB"], 2), { change: impatient }),
    },
    { name: "take them back", change: (core) => core.destroy(policy("small", 2), { change: impatient }) },
  ],
};

function policy(allowed: unknown, count: number) {
  const pools = [{ size: "2 MiB", node: 0, count }];
  return { PageSizePolicy: { allowed, pools, healthTimeoutSeconds: 30 } };
}

describe("an apply of page sizes that is killed at one of its system calls", function () {
  this.timeout((process.env["HOSTMEM_TEST_FULL"] ? 60 : 10) * 60_000);
  let on: CutHost;

  before(async function () {
    this.timeout(20 * 60_000);
    await borrowPages();
    assert.equal(pagesInPool(), 0, "nobody else uses huge pages of this machine");
    on = await startCutHost("pages");
  });
  after(async () => {
    await on?.host.destroy();
    returnPages();
  });

  it("leaves what the next one finishes or takes back, pools included", async () => {
    const tally = await cutEverywhere([on], life, 2);
    assert.equal(problemsOf(tally), "");
    assert.equal(pagesInPool(), 0);
  });
});
