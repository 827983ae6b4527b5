import assert from "node:assert/strict";
import * as fc from "fast-check";
import { addEntry, effectiveMulti, parseOsloFile, undoOption } from "../../../provider/core/files/osloConfig";
import { configText } from "../../support/oslo/generate";

const path = "/etc/nova/nova.conf";
const add = (text: string, value: string, option = "memory", section = "DEFAULT") =>
  addEntry(text, path, section, option, value);
const valuesIn = (text: string, option = "memory", section = "DEFAULT") =>
  effectiveMulti([parseOsloFile(path, text)], section, option).map((entry) => entry.text);

describe("adding an entry of an option that may be given several times", () => {
  const cases: [string, string, string][] = [
    ["goes after the header where there is none", "[DEFAULT]\n# c\n", "[DEFAULT]\nmemory = b\n# c\n"],
    [
      "goes after the last one",
      "[DEFAULT]\nmemory=a\n# c\nmemory=c\nx=1\n",
      "[DEFAULT]\nmemory=a\n# c\nmemory=c\nmemory = b\nx=1\n",
    ],
    [
      "goes into the section's last part with one",
      "[DEFAULT]\nx=1\n[a]\n[DEFAULT]\nmemory=a\n",
      "[DEFAULT]\nx=1\n[a]\n[DEFAULT]\nmemory=a\nmemory = b\n",
    ],
    ["goes after continuation lines", "[DEFAULT]\nmemory=a\n  more\n", "[DEFAULT]\nmemory=a\n  more\nmemory = b\n"],
    ["ends the line before it", "[DEFAULT]\nmemory=a", "[DEFAULT]\nmemory=a\nmemory = b\n"],
    ["makes a section that is missing", "[a]\n", "[a]\n[DEFAULT]\nmemory = b\n"],
    ["stands beside another's of the same words", "[DEFAULT]\nmemory = b\n", "[DEFAULT]\nmemory = b\nmemory = b\n"],
  ];
  for (const [name, before, after] of cases) {
    it(name, () => {
      const { text, edit } = add(before, "b");
      assert.equal(text, after);
      assert.equal(undoOption(text, edit!).text, before);
    });
  }

  it("keeps every other entry, counts last, and is taken back to the byte", () => {
    fc.assert(
      fc.property(configText(false), fc.constantFrom("file_backed_memory", "memory"), (before, option) => {
        fc.pre(parseOsloFile(path, before).failure === undefined);
        const first = add(before, "node:0,size:4,count:1", option);
        const second = add(first.text, "node:1,size:4,count:1", option);
        const former = valuesIn(before, option);
        assert.deepEqual(valuesIn(second.text, option), [...former, first.edit!.entry, second.edit!.entry]);
        const back = [second, first].reduce((text, { edit }) => undoOption(text, edit!).text, second.text);
        assert.equal(back, before);
      }),
    );
  });

  it("leaves what others added since, and nothing of ours", () => {
    const { text, edit } = add("[DEFAULT]\nmemory = a\n", "b");
    const since = text.replace("memory = a", "memory = other\nmemory = a").concat("memory = last\n");
    assert.deepEqual(valuesIn(undoOption(since, edit!).text), ["other", "a", "last"]);
  });
});
