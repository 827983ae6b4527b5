import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { kinds } from "../../provider/core/kinds";
import { create } from "../../provider/lifecycle";
import { keepSome } from "../support/sampled";
import { LightHost } from "../support/sandbox/lightHost";

const kind = kinds.get("FileBackedMemoryConfig")!;

/** Stops whoever comes first to a point of the host, once its gate is there, until it is let go; a minute at most. */
const stopAt = (gate: string, go: string) =>
  `if [ -e /run/${gate} ] && mkdir /run/${gate}-reached 2>/dev/null; then for i in $(seq 600); do [ -e /run/${go} ] && break; sleep 0.1; done; fi`;

let runs = 0;

describe("what an apply has done is proven while another one", function () {
  this.timeout(240_000);
  let host: LightHost;
  let said: string[];

  beforeEach(async () => {
    const uname = `#!/bin/sh\n${stopAt("facts", "half-way")}\nexec /usr/bin/uname "$@"\n`;
    host = await LightHost.start({ "/usr/sbin/uname": uname });
    host.beThisMachine();
    said = [];
    mock.method(console, "log", (line: string) => {
      said.push(line);
    });
  });
  afterEach(async () => {
    mock.restoreAll();
    host.run("touch /run/half-way /run/go");
    await host?.stop();
  });

  /** A pipeline of its own. */
  const up = (capacity: string, lockTimeoutSeconds: number, owner = "p/s/memory") => {
    runs += 1;
    const become = { method: "none", password: `proof ${runs}` };
    const connection = { host: "localhost", transport: "local", user: "root" };
    return create(kind, { owner, capacity, connection, become, lockTimeoutSeconds });
  };
  const until = async (isSo: () => boolean) => {
    for (const limit = Date.now() + 60_000; !isSo(); await sleep(100)) assert.ok(Date.now() < limit, said.join("\n"));
  };
  const isThere = (name: string) => host.run(`ls -d /run/${name} 2>/dev/null || :`) !== "";

  /**
   * One ends its apply, and before it looks at the host again, another one has written its own files and is at its restart.
   */
  const race = async (lockTimeoutSeconds: number, other: string) => {
    const atRestart = "/run/somebody-else";
    host.run(`echo 'touch /run/facts' >${atRestart}`);
    const one = up("1 GiB", lockTimeoutSeconds);
    one.catch(() => {});
    await until(() => isThere("facts-reached"));
    host.run(`echo 'touch /run/restart; touch /run/half-way; ${stopAt("restart", "go")}' >${atRestart}`);
    const another = up(other, 60);
    another.catch(() => {});
    await until(() => isThere("half-way"));
    return { one, another };
  };

  for (const [name, owner] of [
    ["a long owner", `p/s/${"é".repeat(130)}`],
    ["an owner with signs of a shell", "p/s/a\\cb\\n$(id) 'x'\n\"y\""],
  ] as const) {
    it(`is not there, and somebody has changed the file: ${name} is not taken for another`, async () => {
      host.run("echo 'touch /run/facts' >/run/somebody-else");
      const one = up("1 GiB", 60, owner);
      one.catch(() => {});
      await until(() => isThere("facts-reached"));
      host.run(
        "sed -i 's/^file_backed_memory = .*/file_backed_memory = 2048/' /etc/nova/nova.conf; touch /run/half-way",
      );
      await assert.rejects(one, /^Error: \[localhost\] is not as declared right after the apply; /);
    });
  }

  it("is half-way: it is waited for", async () => {
    const { one, another } = await race(60, "666 MiB");
    await until(() => said.some((line) => line.includes("waits for the apply of p/s/memory, pid ")));
    host.run("touch /run/go");
    await assert.rejects(another, /Nova says: InternalError: Running Nova with 666 is refused/);
    assert.equal((await one).outs["capacity"], "1 GiB");
    assert.match(host.run("cat /etc/nova/nova.conf"), /^file_backed_memory = 1024$/m);
  });

  it("does not end: the error names it", async () => {
    const { one, another } = await race(1, "2 GiB");
    await assert.rejects(
      one,
      /^Error: \[localhost\] another apply holds this host: p\/s\/memory, pid \d+, since \S+; .*\n {2}This one was applied\./,
    );
    host.run("touch /run/go");
    await another;
  });

  it("has declared something else: the error names it", async () => {
    const { one, another } = await race(60, "2 GiB");
    host.run("touch /run/go");
    await another;
    await assert.rejects(
      one,
      /^Error: \[localhost\] another apply changed this host right after this one: p\/s\/memory, pid \d+, since \S+; still to do: set \[libvirt\] file_backed_memory = 1024/,
    );
  });

  keepSome(this, "proofs beside another apply", 2);
});
