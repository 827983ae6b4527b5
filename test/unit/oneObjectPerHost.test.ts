import assert from "node:assert/strict";
import { run } from "../../provider/runtime";

describe("two resources of one program for the same object of a host", () => {
  const declared = (name: string) => ({
    owner: `project/stack/${name}`,
    // Nothing listens there: the host is skipped, so that only what one program says of itself counts.
    connection: { host: "127.0.0.1", port: 1, user: "root", hostKeyChecking: "off", dialErrorLimit: 0 },
    unreachable: "skip",
    capacity: "1 GiB",
  });
  const failures = async (name: string) => {
    const result = (await run("FileBackedMemoryConfig", "check", [{}, declared(name)])) as {
      failures: { reason: string }[];
    };
    return result.failures.map((failure) => failure.reason);
  };

  it("are refused at preview, before one undoes the other", async () => {
    assert.deepEqual(await failures("one"), []);
    assert.deepEqual(await failures("one"), []);
    const [reason] = await failures("two");
    assert.match(reason ?? "", /already declared by project\/stack\/one; a host has one/);
  });
});
