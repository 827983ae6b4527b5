import { strict as assert } from "node:assert";
import { HostError, type HostErrorKind } from "../../../provider/core/errors";
import { readVersion } from "../../../provider/core/transport/clientVersion";
import { dialUntilReached, pauseAfter } from "../../../provider/core/transport/retry";

function failing(kind: HostErrorKind, times: number) {
  const dials = { count: 0 };
  const dial = async () => {
    dials.count += 1;
    if (dials.count <= times) throw new HostError(kind, "compute-1", "no");
    return "in";
  };
  return { dials, dial };
}

describe("dialling", () => {
  it("goes on until the host is reached", async () => {
    const { dial, dials } = failing("unreachable", 2);
    assert.equal(await dialUntilReached(2, dial), "in");
    assert.equal(dials.count, 3);
  });

  it("gives up after one dial more than errors are allowed", async () => {
    for (const limit of [0, 1]) {
      const { dial, dials } = failing("unreachable", 9);
      await assert.rejects(dialUntilReached(limit, dial), { kind: "unreachable" });
      assert.equal(dials.count, limit + 1);
    }
  });

  it("never repeats a refused credential, a wrong host key or a mistake of ours", async () => {
    for (const kind of ["authentication", "host-key", "become", "refused", "unexpected"] as const) {
      const { dial, dials } = failing(kind, 9);
      await assert.rejects(dialUntilReached(-1, dial), { kind });
      assert.equal(dials.count, 1);
    }
  });

  it("pauses longer each time, up to five seconds", () => {
    assert.deepEqual([1, 2, 3].map(pauseAfter).map(Math.round), [100, 150, 225]);
    assert.equal(pauseAfter(50), 5000);
  });
});

describe("OpenSSH's version", () => {
  const cases: [string, number][] = [
    ["OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026", 9.2],
    ["OpenSSH_8.0p1, OpenSSL 1.1.1k  FIPS 25 Mar 2021", 8],
    ["OpenSSH_10.0p2, LibreSSL 3.3.6", 10],
    ["something else", Number.POSITIVE_INFINITY],
  ];
  for (const [text, version] of cases) it(`is ${version} in "${text}"`, () => assert.equal(readVersion(text), version));
});
