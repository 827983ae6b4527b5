import { strict as assert } from "node:assert";
import { parseFacts } from "../../../provider/core/facts/hostFacts";
import { nonce, outputWith } from "../../support/fuzz/host/output";

const basePageKib = (text: string) =>
  parseFacts("host", nonce, outputWith({ "page-size": text })).hugePages.basePageKib;

describe("the ordinary page of a host", () => {
  it("is what getconf says", () => {
    for (const [text, kib] of Object.entries({ "4096\n": 4, "16384\n": 16, "65536\n": 64 }))
      assert.equal(basePageKib(text), kib, text);
  });

  it("is not known where that cannot be one", () => {
    for (const text of [
      "",
      "0\n",
      "4095\n",
      "12288\n",
      "512\n",
      "4096 4096\n",
      "4096\n4096\n",
      "-4096\n",
      "4e3\n",
      "four\n",
    ])
      assert.equal(basePageKib(text), 0, text);
  });
});

describe("a pool of a host", () => {
  it("that cannot be is an unexpected answer, and not a host without it", () => {
    for (const line of [
      "0 2048 4",
      "0 2048 4 2 1",
      "0 0 4 2",
      "0 2047 4 2",
      "0 2048 four 2",
      "0 2048 9999999999999999 2",
    ]) {
      assert.throws(
        () => parseFacts("host", nonce, outputWith({ "huge-pages": `${line}\n` })),
        /\[host\] the kernel says of huge pages what cannot be: 0 /,
        line,
      );
    }
  });
});
