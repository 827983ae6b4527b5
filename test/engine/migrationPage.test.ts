import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { classesOf } from "../../provider/core/migration/classes";
import { htmlOf } from "../../provider/core/migration/html";
import { reportOf } from "../../provider/core/migration/matrix";
import { Chromium } from "../support/browser/chromium";
import { beginTrial } from "../support/trials";
import { fileBacked, named, ofNova, plain } from "../unit/migration/hosts";

const odd = "<img src=x onerror=alert(1)>";
const classes = classesOf([
  ...Array.from({ length: 300 }, (_, index) => named(`compute-${index}.example.net`, index % 2 ? plain : fileBacked)),
  named("compute-a", { ...plain, pageSizes: [4, 2048] }),
  named("compute-b", { ...plain, pmem: [{ label: odd, sizeKib: 4096, alignmentKib: 4 }] }),
  named(odd, ofNova("33.0.0", { postCopy: true })),
]);

/** What is shown of every cell of the matrices: its words, its size, and how well they stand out (WCAG's contrast). */
const look = `(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = parts(color).map((each) => each / 255).map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (parts(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("td[class]")].map((cell) => {
    const [one, other] = [light(getComputedStyle(cell).color), light(behind(cell))].sort((a, b) => b - a);
    const { width, height } = cell.getBoundingClientRect();
    return { word: cell.firstChild.textContent, width, height, contrast: (one + 0.05) / (other + 0.05) };
  });
})()`;

interface Cell {
  word: string;
  width: number;
  height: number;
  contrast: number;
}

describe("the page of live migrations in a real browser", function () {
  this.timeout(900_000);
  let browser: Chromium;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-page-"));
    writeFileSync(join(folder, "page.html"), htmlOf("Live migration in gold", classes));
    browser = await Chromium.start();
    await browser.open(pathToFileURL(join(folder, "page.html")).href);
  });
  after(async () => {
    await browser?.stop();
    rmSync(folder, { recursive: true });
  });

  it("needs nothing but itself, and gives no cause for complaint", async () => {
    const prove = beginTrial("live migration, the page", "in Chromium", ["nothing fetched", "no complaint"]);
    const address = pathToFileURL(join(folder, "page.html")).href;
    assert.deepEqual(browser.requests, [address]);
    prove("nothing fetched");
    assert.deepEqual(browser.complaints, []);
    prove("no complaint");
    assert.equal(await browser.ask("document.compatMode"), "CSS1Compat");
    assert.equal(await browser.ask("document.title"), "Live migration in gold");
  });

  it("shows every verdict of every pair, readable", async () => {
    const cells = await browser.ask<Cell[]>(look);
    const expected = reportOf(classes).tables.flatMap(({ rows }) =>
      rows.flatMap((row) => row.cells.flatMap(({ outcome }) => outcome ?? [])),
    );
    assert.deepEqual(
      cells.map(({ word }) => word),
      expected,
    );
    assert.ok(new Set(expected).size === 4, "all verdicts are on it");
    for (const { word, width, height, contrast } of cells) {
      assert.ok(width > 20 && height > 15, word);
      assert.ok(contrast >= 7, `${word}: ${contrast}`);
    }
  });

  it("shows names as they are, and makes no element of them", async () => {
    assert.equal(await browser.ask("document.images.length"), 0);
    assert.ok((await browser.ask<string>("document.body.innerText")).includes(odd));
  });

  it("leads from a verdict to its reason", async () => {
    await browser.ask(`document.querySelector("td.breaks a").click()`);
    const [where, text] = await browser.ask<[number, string]>(`(() => {
      const note = document.querySelector(":target");
      return [note.getBoundingClientRect().top / innerHeight, note.textContent];
    })()`);
    assert.ok(where >= 0 && where < 1, `${where} screens down`);
    assert.ok(reportOf(classes).notes.includes(text), text);
  });

  for (const [what, width] of [
    ["a desk", 1280],
    ["a telephone", 400],
  ] as const) {
    it(`is no wider than the screen of ${what}`, async () => {
      await browser.resize(width, 800);
      assert.ok((await browser.ask<number>("document.documentElement.scrollWidth")) <= width);
    });
  }
});
