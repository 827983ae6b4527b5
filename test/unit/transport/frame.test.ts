import { strict as assert } from "node:assert";
import fc from "fast-check";
import { beginLine, endMark, FrameParser } from "../../../provider/core/transport/frame";

const nonce = "0123456789abcdef0123456789abcdef";

function parse(stream: Buffer, cuts: number[]) {
  const frame = new FrameParser(nonce);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const cut of [...cuts.map((value) => value % (stream.length + 1)), stream.length].sort((a, b) => a - b)) {
    pieces.push(frame.add(stream.subarray(at, cut)));
    at = cut;
  }
  return { output: Buffer.concat(pieces), frame };
}

describe("the frame around a script's output", () => {
  it("gives back the output and the exit code, whatever is in it and however it is cut", () => {
    const mark = endMark(nonce);
    const tricky = fc.constantFrom(
      beginLine(nonce),
      mark.slice(0, -1),
      mark.slice(0, 9),
      mark.slice(5),
      "\n",
      "h",
      endMark("other"),
    );
    const bytes = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }).map((value) => Buffer.from(value)),
        tricky.map((value) => Buffer.from(value)),
      ),
    );
    fc.assert(
      fc.property(bytes, bytes, fc.nat(255), fc.array(fc.nat(), { maxLength: 8 }), (before, inside, exitCode, cuts) => {
        const noise = Buffer.concat(before.filter((piece) => piece.toString() !== beginLine(nonce)));
        const output = Buffer.concat(inside);
        // The mark itself cannot be in the output: the nonce is new and unknown to the host.
        fc.pre(!output.includes(mark) && !noise.includes(beginLine(nonce)));
        fc.pre(Buffer.concat([output, Buffer.from(mark)]).indexOf(mark) === output.length);
        const stream = Buffer.concat([
          noise,
          Buffer.from(beginLine(nonce)),
          output,
          Buffer.from(`${mark}${exitCode}\nGood bye`),
        ]);
        const result = parse(stream, cuts);
        assert.deepEqual(result.output, output);
        assert.equal(result.frame.exitCode, exitCode);
      }),
    );
  });

  it("does not end before the whole end line is there", () => {
    const frame = new FrameParser(nonce);
    frame.add(Buffer.from(`${beginLine(nonce)}out${endMark(nonce)}1`));
    assert.equal(frame.ended, false);
    frame.add(Buffer.from("3\n"));
    assert.equal(frame.exitCode, 13);
  });

  it("takes a mark with anything but an exit code behind it for output, and holds none of that back", () => {
    const frame = new FrameParser(nonce);
    const lie = `${endMark(nonce)}x\n${endMark(nonce)}\n${endMark(nonce)}12345678901\n`;
    assert.equal(frame.add(Buffer.from(`${beginLine(nonce)}${lie}`)).toString(), lie);
    assert.equal(frame.add(Buffer.from(`${endMark(nonce)}${"1".repeat(1000)}`)).length, endMark(nonce).length + 1000);
    assert.equal(frame.ended, false);
    assert.equal(frame.add(Buffer.from(`out${endMark(nonce)}0\n`)).toString(), "out");
    assert.equal(frame.exitCode, 0);
  });

  it("hands on at once what cannot be part of the end", () => {
    const frame = new FrameParser(nonce);
    assert.equal(frame.add(Buffer.from(`${beginLine(nonce)}line\n`)).toString(), "line\n");
    assert.equal(frame.add(Buffer.from("oh")).toString(), "o");
    assert.equal(frame.add(Buffer.from("!")).toString(), "h!");
  });

  it("takes any amount of noise for nothing, also when it ends in the middle of a line", () => {
    const frame = new FrameParser(nonce);
    for (let count = 0; count < 100; count += 1) assert.equal(frame.add(Buffer.alloc(1000, 0x20)).length, 0);
    assert.equal(frame.begun, false);
    assert.equal(frame.add(Buffer.from(`hostmem ${beginLine(nonce)}x`)).toString(), "x");
  });
});
