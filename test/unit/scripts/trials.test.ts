import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noteForRun } from "../../support/runNotes";
import { beginTrial } from "../../support/trials";
import { loadScript } from "./load";

interface Layer {
  tables: string[];
  fullTables?: string[];
}

describe("the tables of what was tried", () => {
  const former = process.env["HOSTMEM_TRIALS"];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "trials-"));
    process.env["HOSTMEM_TRIALS"] = join(folder, "trials");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    if (former === undefined) delete process.env["HOSTMEM_TRIALS"];
    else process.env["HOSTMEM_TRIALS"] = former;
  });

  async function tables(expected: string[] = []): Promise<{ lines: string[]; problems: string[] }> {
    const { trialTables } = await loadScript("lib/tests/trials.mjs");
    return trialTables(join(folder, "trials"), expected);
  }

  it("count what was tried and what each trial proved", async () => {
    for (const trial of ["ext4", "xfs"]) {
      const prove = beginTrial("contents of a disk", trial, ["refused", "unchanged"]);
      prove("refused");
      prove("unchanged");
    }
    beginTrial("cuts", "write 1", ["converged"])("converged");
    assert.deepEqual(await tables(), {
      lines: ["contents of a disk  2 tried, 2 refused, 2 unchanged", "cuts                1 tried, 1 converged"],
      problems: [],
    });
  });

  it("name each trial that did not prove everything", async () => {
    beginTrial("contents of a disk", "ext4", ["refused", "unchanged"])("refused");
    beginTrial("contents of a disk", "xfs", ["refused", "unchanged"]);
    assert.deepEqual(await tables(), {
      lines: ["contents of a disk  2 tried, 1 of 2 refused, 0 of 2 unchanged"],
      problems: [
        "contents of a disk: xfs: not refused",
        "contents of a disk: ext4: not unchanged",
        "contents of a disk: xfs: not unchanged",
      ],
    });
  });

  it("end with what was left to a full run", async () => {
    for (const count of [1, 3]) noteForRun({ sample: "cuts", drawn: count, of: 4 });
    noteForRun({ sample: "contents of a disk", drawn: 8, of: 23 });
    assert.deepEqual(await tables(), {
      lines: ["Samples, of which npm run test:full tries more: cuts 4 of 8; contents of a disk 8 of 23."],
      problems: [],
    });
  });

  it("name each table that must be there and into which nothing was written", async () => {
    beginTrial("cuts", "write 1", ["converged"])("converged");
    assert.deepEqual((await tables(["cuts", "races"])).problems, ["races: nothing was tried"]);
  });

  it("are all of those that the tests of some layer fill", async () => {
    const { layers } = await loadScript("lib/tests/layers.mjs");
    const listed = new Set(layers.flatMap((layer: Layer) => [...layer.tables, ...(layer.fullTables ?? [])]));
    const sources = readdirSync("test", { recursive: true, encoding: "utf8" }).filter((name) =>
      /(?<!trials\.test)\.ts$/.test(name),
    );
    const filled = sources.flatMap((name) =>
      [...readFileSync(join("test", name), "utf8").matchAll(/beginTrial\(\s*"([^"]+)"/g)].map(([, table]) => table),
    );
    assert.ok(filled.length > 20, `${filled.length} places`);
    assert.deepEqual(
      filled.filter((table) => !listed.has(table)),
      [],
    );
  });

  it("are empty when nothing was tried", async () => {
    assert.deepEqual(await tables(), { lines: [], problems: [] });
  });
});
