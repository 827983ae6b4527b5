import { strict as assert } from "node:assert";
import { classesOf } from "../../../provider/core/migration/classes";
import { htmlOf } from "../../../provider/core/migration/html";
import { markdownOf } from "../../../provider/core/migration/markdown";
import { incompatibilities, passages, reportOf } from "../../../provider/core/migration/matrix";
import { fileBacked, named, ofNova, plain } from "./hosts";

const odd = '<b>"odd" & | `_*</b>';
const classes = classesOf([
  named("compute-1", fileBacked),
  named("compute-2", fileBacked),
  named("compute-3", { ...plain, pageSizes: [4, 2048] }),
  named(odd, { ...plain, pmem: [{ label: odd, sizeKib: 4096, alignmentKib: 4 }] }),
]);

describe("a report on live migration", () => {
  it("has a verdict for each kind of guest and each pair of classes, and none for a host and itself", () => {
    const report = reportOf(classes);
    assert.equal(report.classes.length, 3);
    for (const { rows } of report.tables) {
      assert.deepEqual(
        rows.map(({ cells }) => cells.length),
        [3, 3, 3],
      );
      for (const [index, { cells }] of rows.entries()) {
        for (const [at, { outcome }] of cells.entries()) {
          assert.equal(outcome === undefined, index === at && classes[index]!.count === 1);
        }
      }
    }
    const kinds = report.tables.length;
    assert.equal(passages(classes).length, kinds * 7);
  });

  it("gives every reason once, and a number to whoever has it", () => {
    const { notes, tables } = reportOf(classes);
    assert.equal(new Set(notes).size, notes.length);
    const used = new Set(
      tables.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.flatMap(({ note }) => note ?? []))),
    );
    assert.deepEqual(
      [...used].sort((one, other) => one - other),
      notes.map((_, index) => index + 1),
    );
  });

  it("is Markdown whose tables are whole, whatever hosts and labels are called", () => {
    const text = markdownOf(`Live migration in ${odd}`, classes);
    const tables = text.split(/\n\n/).filter((part) => part.startsWith("|"));
    assert.equal(tables.length, 1 + reportOf(classes).tables.length);
    for (const table of tables) {
      const widths = table
        .trim()
        .split("\n")
        .map((line) => line.split(/(?<!\\)\|/).length);
      assert.equal(new Set(widths).size, 1, table);
    }
    assert.ok(!text.includes("<b>"), "no element is made of a name");
    assert.match(text, /\| \*\*C\*\* \| 2 \| compute-\\\[1-2\\\] \|/);
    assert.match(text, /breaks \(\d+\)/);
  });

  it("is a page of HTML that names nothing outside of it, whatever hosts and labels are called", () => {
    const page = htmlOf(`Live migration in ${odd}`, classes);
    assert.doesNotMatch(page, /<script|<link|<img|<iframe|src=|url\(|@import|https?:|\bon\w+=/i);
    assert.ok(!page.includes(odd));
    assert.ok(page.includes("&lt;b&gt;&quot;odd&quot; &amp; | `_*&lt;/b&gt;"));
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!);
    assert.ok(targets.length > 0);
    for (const id of targets) assert.ok(page.includes(`id="${id}"`), id);
  });
});

describe("what keeps hosts from going together", () => {
  it("is nothing where they are alike", () => {
    assert.deepEqual(incompatibilities(classesOf([named("a", plain), named("b", plain)])), []);
  });

  it("is what works between hosts of one kind and not with others, told once for all of these", () => {
    const three = classesOf([
      named("a", plain),
      named("b", fileBacked),
      named("c", { ...fileBacked, libvirt: "9.1.0" }),
    ]);
    const lines = incompatibilities(three);
    const pages =
      /^guests with hw:mem_page_size=small, with hw:mem_page_size=any break on the way from A to B, C: Nova does not look/;
    assert.equal(lines.filter((line) => pages.test(line)).length, 1, lines.join("\n"));
    const others = lines.filter((line) => line.startsWith("guests without page size or persistent memory break"));
    assert.deepEqual(
      others.map((line) => /from [^:]*: Nova has its memory put into \w+/.exec(line)?.[0]),
      [
        "from A to B, C: Nova has its memory put into files",
        "from B to A: Nova has its memory put into RAM",
        "from C to A: Nova has its memory put into RAM",
      ],
    );
    assert.equal(lines.length, 5, lines.join("\n"));
  });

  it("is not what no host's difference is to blame for", () => {
    const hosts = [ofNova("31.0.0", { fileBacked: true }), ofNova("32.0.0", { fileBacked: true })];
    assert.deepEqual(incompatibilities(classesOf(hosts.map((traits, at) => named(`h${at}`, traits)))), []);
  });

  it("is also what breaks between any two hosts, where it could not come back either", () => {
    const lines = incompatibilities(classesOf([named("a", { ...fileBacked, postCopy: true }), named("b", fileBacked)]));
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0]!, /break on the way from B to A: live_migration_permit_post_copy is set here/);
  });

  it("is also what breaks between hosts that are alike", () => {
    const both = { ...fileBacked, postCopy: true };
    const lines = incompatibilities(classesOf([named("a", both), named("b", both)]));
    assert.match(lines.join("\n"), /guests without page size or persistent memory break on the way from A to A: /);
  });

  it("is about the kinds of guests that count, if they are named", () => {
    const hosts = classesOf([named("a", { ...plain, pageSizes: [4, 2048] }), named("b", plain)]);
    assert.notDeepEqual(incompatibilities(hosts), []);
    assert.deepEqual(incompatibilities(hosts, ["plain"]), []);
  });
});
