import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kinds } from "../../provider/core/kinds";
import { declaredNames } from "../../provider/resource";
import { readFixtures } from "../support/facts/fixture";
import { type PlanCase, textsOf } from "../support/plans/planCase";
import { beginTrial } from "../support/trials";
import { messagesPage, pagePath } from "../support/wrongInputs/page";
import { asRead, preview } from "../support/wrongInputs/preview";
import { holds, sentencesIn } from "../support/wrongInputs/sentences";
import { wrongInputs } from "../support/wrongInputs/table";

const repository = join(__dirname, "..", "..", "..");
const groups = wrongInputs();

describe("a preview of what is wrong", () => {
  const said: string[] = [];

  for (const { title, rows } of groups) {
    describe(title, () => {
      for (const row of rows) {
        it(`refuses ${row.what}`, async () => {
          const prove = beginTrial("wrong inputs", `${title}: ${row.what}`, ["refused", "path named", "advice given"]);
          const refusals = await preview(row);
          const texts = refusals.map(asRead);
          assert.notDeepEqual(texts, []);
          prove("refused");
          const about = texts.filter((text) => (row.path === "" ? true : text.startsWith(`${row.path}: `)));
          assert.notDeepEqual(about, [], `names ${row.path}: ${texts.join("\n")}`);
          prove("path named");
          const message = about.find((text) => text.includes(row.wrong) && text.includes(row.advice));
          assert.ok(message, `${row.wrong} … ${row.advice}\n${about.join("\n")}`);
          prove("advice given");
          said.push(message);
        });
      }
    });
  }

  describe("reads well, and", () => {
    it("says nothing of Pulumi's or JavaScript's insides, and little", () => {
      assert.ok(said.length >= 150, `${said.length} messages`);
      for (const message of said) {
        assert.doesNotMatch(message, /undefined|NaN|\[object|Error:|\.js\b|\n\s+at /, message);
        assert.doesNotMatch(message, / {3}|\.\.(?!\.)$|;\s*$/, message);
        assert.ok(message.length <= 480, `${message.length} characters: ${message}`);
      }
    });
  });

  it("has the engine print the value of no property but one that is declared, and has no secret in it", async () => {
    for (const row of groups.flatMap(({ rows }) => rows)) {
      const kind = kinds.get(row.kind);
      const printed = (kind ? declaredNames(kind) : []).filter((name) => !["connection", "become"].includes(name));
      for (const { property, reason } of await preview(row)) {
        if (property !== "") assert.ok(printed.includes(property.split(/[.[]/, 1)[0]!), `${row.what}: ${property}`);
        assert.ok(!reason.includes("misplaced-credential"), reason);
      }
    }
  });

  it("names a property, or its group says why some name none", () => {
    for (const { title, withoutPath, rows } of groups)
      assert.equal(
        withoutPath !== undefined,
        rows.some(({ path }) => path === ""),
        title,
      );
  });

  it("has rows of different names and programs", () => {
    for (const { title, rows } of groups) {
      assert.deepEqual(
        rows.map(({ what }) => what).filter((what, index, all) => all.indexOf(what) !== index),
        [],
        title,
      );
    }
  });
});

describe("the rules for inputs and hosts", () => {
  it("say nothing that no row of the table and no case of a plan has shown", async () => {
    const rows = groups.flatMap((group) => group.rows);
    const refusals: string[] = [];
    for (const row of rows) refusals.push(...(await preview(row)).map(asRead));
    const plans = [...kinds.keys()].flatMap((kind) =>
      readFixtures<PlanCase>("plans", kind).flatMap(({ content }) => textsOf(kind, content)),
    );
    const shown = [...refusals, ...plans];
    const sentences = sentencesIn(repository);
    assert.ok(sentences.length > 80, `${sentences.length} sentences`);
    assert.deepEqual(
      sentences.filter(({ parts }) => !shown.some((text) => holds(text, parts))),
      [],
    );
  });
});

describe(pagePath, () => {
  it("is what `npm run messages` makes of the messages as they are now", async () => {
    assert.equal(readFileSync(join(repository, pagePath), "utf8"), await messagesPage());
  });
});
