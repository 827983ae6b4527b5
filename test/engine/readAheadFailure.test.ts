import { strict as assert } from "node:assert";
import { once } from "node:events";
import { createServer } from "node:net";
import { noProbes } from "../../provider/core/facts/probes";
import { connectionKey } from "../../provider/core/transport";
import { readAhead } from "../../provider/readAhead/client";
import { ReadAheadServer } from "../../provider/readAhead/server";
import { connection } from "../unit/transport/connections";

/** The pauses before the second, third and fourth dial, which no run can be faster than. */
const pausesMs = 100 + 150 + 225;

describe("a host that could not be read ahead", () => {
  it("was found dead when it was given up on, not when the first dial began", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as { port: number };
    closed.close();
    await once(closed, "close");

    const server = new ReadAheadServer();
    const dead = connection({ host: "127.0.0.1", port, user: "root", dialErrorLimit: 3 });
    const begun = Date.now();
    const become = { method: "none", password: undefined } as const;
    const key = connectionKey(dead, become);
    server.begin({ key, connection: dead, become, probes: noProbes });
    const answer = await readAhead(server.socketPath, key);
    assert.ok(answer && "failure" in answer);
    assert.equal(answer.failure.kind, "unreachable");
    assert.ok(answer.readAt - begun >= pausesMs, `${answer.readAt - begun} ms`);
  });
});
