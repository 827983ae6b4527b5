import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { borrowPages, pagesInPool, returnPages, smallPool } from "../support/lab/pages";
import { retryFor, sleep } from "../support/lab/process";

describe("the machine's huge pages", function () {
  this.timeout(20 * 60_000);
  after(returnPages);

  it("go back when a test that borrowed them is killed, and no other has them until then", async () => {
    await borrowPages();
    const former = pagesInPool();
    const program = `
      const { borrowPages } = require(${JSON.stringify(require.resolve("../support/lab/pages"))});
      borrowPages(600).then(() => {
        require("node:fs").writeFileSync("${smallPool}/nr_hugepages", "${former + 3}");
        console.log("borrowed");
        setInterval(() => {}, 1000);
      });`;
    const other = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const borrowed = once(other.stdout, "data");
      assert.equal(await Promise.race([borrowed, sleep(3000)]), undefined, "not while we have them");
      returnPages();
      await borrowed;
      assert.equal(pagesInPool(), former + 3);
    } finally {
      other.kill("SIGKILL");
    }
    await retryFor(120, "the pages", async () => assert.equal(pagesInPool(), former));
  });
});
