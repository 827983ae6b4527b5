import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { FrameParser } from "../../../provider/core/transport/frame";
import { becomeLine, frameScript, readyUser, sudoPrompt } from "../../../provider/core/transport/wrapper";

const nonce = "00112233445566778899aabbccddeeff";

function shell(input: string) {
  return spawnSync("sh", ["-s"], { input });
}

describe("what is sent to a shell", () => {
  it("is one line to become root, as a shell may read ahead", () => {
    for (const line of [becomeLine("sudo", nonce), becomeLine("sudo", undefined), becomeLine("none", undefined)]) {
      assert.equal(line.indexOf("\n"), line.length - 1);
      assert.equal(spawnSync("sh", ["-n"], { input: line }).status, 0);
    }
  });

  it("asks for sudo's prompt only where there is a password to answer it with", () => {
    assert.ok(becomeLine("sudo", nonce).includes(sudoPrompt(nonce)));
    assert.match(becomeLine("sudo", undefined), /sudo -n /);
    assert.doesNotMatch(becomeLine("none", undefined), /sudo/);
  });

  it("starts a shell that says who it is", () => {
    assert.equal(readyUser(shell(becomeLine("none", undefined)).stdout.toString()), process.getuid?.());
    assert.equal(readyUser("noise hostmem-root-shell 10"), undefined);
  });

  it("does nothing at all when it is cut anywhere on its way", () => {
    const whole = frameScript("echo ran", nonce);
    for (let length = 0; length < whole.length - 2; length += 1) {
      assert.equal(shell(whole.slice(0, length)).stdout.toString(), "", whole.slice(0, length));
    }
    assert.match(shell(whole).stdout.toString(), /ran/);
  });

  it("frames both outputs, with the exit code at the end of each", () => {
    const result = shell(frameScript("echo out; echo problem >&2; exit 9", nonce));
    for (const [stream, expected] of [
      [result.stdout, "out\n"],
      [result.stderr, "problem\n"],
    ] as const) {
      const frame = new FrameParser(nonce);
      assert.equal(frame.add(stream).toString(), expected);
      assert.equal(frame.exitCode, 9);
    }
  });

  it("reports a script that a signal ends, and one that a shell cannot read, by an exit code", () => {
    const exitCodeOf = (script: string) => {
      const frame = new FrameParser(nonce);
      frame.add(shell(frameScript(script, nonce)).stdout);
      return frame.exitCode;
    };
    assert.equal(exitCodeOf("kill -9 \"$(sh -c 'echo $PPID')\""), 137);
    assert.equal(exitCodeOf("if"), 2);
  });
});
