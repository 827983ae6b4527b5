import { strict as assert } from "node:assert";
import { execute, LabError, retryFor, run, tail } from "../../../support/lab/process";

describe("commands of the lab", () => {
  it("give back exit code, output and errors apart", async () => {
    const result = await execute("sh", ["-c", "echo out; echo err >&2; exit 3"]);
    assert.deepEqual(result, { exitCode: 3, stdout: "out\n", stderr: "err\n" });
  });

  it("get their input, and an end of it", async () => {
    assert.equal(await run("cat", [], { input: "some\ntext" }), "some\ntext");
    assert.equal(await run("cat", []), "");
  });

  it("that exit with anything but 0 fail with command, code and last lines", async () => {
    await assert.rejects(run("sh", ["-c", "seq 40; exit 7"]), (error: Error) => {
      assert.ok(error instanceof LabError);
      assert.match(error.message, /seq 40/);
      assert.match(error.message, /exit code 7/);
      assert.match(error.message, /15 lines before/);
      assert.match(error.message, /\n40$/);
      return true;
    });
  });

  it("that take too long are ended, even when a grandchild keeps their output open", async () => {
    const started = execute("sh", ["-c", "echo begun; sleep 5 & wait"], { seconds: 0.3 });
    await assert.rejects(started, /not done after 0.3 s[\s\S]*begun/);
  });

  it("that do not exist are an error that names them", async () => {
    await assert.rejects(execute("no-such-tool-of-the-lab", []), /no-such-tool-of-the-lab could not be started/);
  });

  it("that end before they have read their input are no error", async () => {
    const result = await execute("true", [], { input: "x".repeat(4 * 1024 * 1024) });
    assert.equal(result.exitCode, 0);
  });
});

describe("waiting in the lab", () => {
  it("goes on until the attempt works", async () => {
    let attempts = 0;
    const result = await retryFor(
      5,
      "third time",
      async () => {
        attempts++;
        if (attempts < 3) {
          throw new Error("not yet");
        }
        return attempts;
      },
      1,
    );
    assert.equal(result, 3);
  });

  it("ends with the last reason when the time is up", async () => {
    const never = () => Promise.reject(new Error("still closed"));
    await assert.rejects(retryFor(0.05, "port 22 opens", never, 10), /port 22 opens: not after 0.05 s\nstill closed/);
  });
});

describe("the tail of a text", () => {
  it("is the whole text when that is short", () => {
    assert.equal(tail("a\nb\n"), "a\nb");
  });
});
