import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { HostError, type HostErrorKind } from "../../provider/core/errors";
import { openTransport } from "../../provider/core/transport";
import type { Become, Connection } from "../../provider/core/transport/connection";
import { PrivatePlace } from "../support/ssh/places";
import { masterPid, SshServer } from "../support/ssh/server";

const asRoot: Become = { method: "none", password: undefined };

function run(connection: Connection, script: string, options = {}) {
  return openTransport(connection, asRoot).run(script, options);
}

async function fails(kind: HostErrorKind, promise: Promise<unknown>): Promise<HostError> {
  const error = await promise.then(
    () => assert.fail(`no error, expected ${kind}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HostError, String(error));
  assert.equal(error.kind, kind, `${error.message}\n${error.output}`);
  assert.ok(error.message.split("\n").length <= 2, error.message);
  return error;
}

describe("a host over ssh", function () {
  this.timeout(60_000);
  const place = new PrivatePlace();
  let server: SshServer;

  before(async () => {
    place.enter();
    server = await SshServer.start({ config: ["MaxSessions 3"] });
  });

  after(async () => {
    await server.stop();
    place.leave();
  });

  /** The socket of the only login that a connection with this mark makes. */
  const socketsNow = () => new Set(readdirSync(place.folder).filter((name) => /^[0-9a-f]{20}$/.test(name)));

  /** A credential of its own, so that a test starts without a login. */
  let fresh = 0;
  const unused = (changes: Partial<Connection> = {}) => {
    fresh += 1;
    return server.connection({ privateKeyPassword: `unused ${fresh}`, privateKey: server.userKey, ...changes });
  };

  it("gives back what the script printed, where it printed it, and its exit code", async () => {
    const result = await run(server.connection(), "echo out; echo problem >&2; exit 7");
    assert.deepEqual(
      { ...result, stdout: result.stdout.toString() },
      { stdout: "out\n", stderr: "problem", exitCode: 7 },
    );
  });

  it("logs in once for many runs at once, with more of them than the host allows sessions", async () => {
    const before = server.logins();
    const connection = unused();
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, number) => run(connection, `echo ${number}; sleep 0.1`)),
    );
    assert.deepEqual(
      results.map((result) => result.stdout.toString()),
      Array.from({ length: 12 }, (_, number) => `${number}\n`),
    );
    assert.equal(server.logins() - before, 1);
  });

  it("logs in once for several processes that start together", async () => {
    const before = server.logins();
    const connection = unused();
    const program = `
      const { openTransport } = require(${JSON.stringify(join(__dirname, "../../provider/core/transport"))});
      const transport = openTransport(${JSON.stringify(connection)}, { method: "none" });
      transport.run("echo over").then((result) => process.stdout.write(result.stdout));`;
    const script = promisify(execFile);
    const ended = await Promise.all(
      [1, 2, 3].map(() => script(process.execPath, ["-e", program], { timeout: 30_000 })),
    );
    assert.deepEqual(
      ended.map(({ stdout }) => stdout),
      ["over\n", "over\n", "over\n"],
    );
    assert.equal((await run(connection, "echo again")).stdout.toString(), "again\n");
    assert.equal(server.logins() - before, 1);
  });

  it("does not keep the process from ending while the login stays open", async () => {
    const program = `
      const { openTransport } = require(${JSON.stringify(join(__dirname, "../../provider/core/transport"))});
      openTransport(${JSON.stringify(unused())}, { method: "none" }).run("true");`;
    await promisify(execFile)(process.execPath, ["-e", program], { timeout: 20_000 });
  });

  it("logs in anew when the shared connection was killed in between", async () => {
    const connection = unused();
    const others = socketsNow();
    await run(connection, "true");
    const socket = [...socketsNow()].find((name) => !others.has(name))!;
    process.kill(masterPid(join(place.folder, socket)), "SIGKILL");
    const before = server.logins();
    assert.equal((await run(connection, "echo back")).stdout.toString(), "back\n");
    assert.equal(server.logins() - before, 1);
  });

  it("logs in anew when the host cut the connection in between", async () => {
    const connection = unused();
    await run(connection, "true");
    server.cutConnections();
    assert.equal((await run(connection, "echo back")).stdout.toString(), "back\n");
  });

  it("is not held up by a socket file that a dead connection left behind", async () => {
    const connection = unused();
    const others = socketsNow();
    await run(connection, "true");
    const socket = [...socketsNow()].find((name) => !others.has(name))!;
    const path = join(place.folder, socket);
    process.kill(masterPid(path), "SIGKILL");
    assert.ok(statSync(path).isSocket());
    assert.equal((await run(connection, "echo back")).stdout.toString(), "back\n");
    assert.ok(masterPid(path) > 0);
  });

  it("does not reuse a login after the credential or the host-key policy has changed", async () => {
    const connection = unused();
    await run(connection, "true");
    await fails(
      "authentication",
      run({ ...connection, privateKey: undefined, privateKeyFile: join(server.folder, "host") }, "true"),
    );
    await fails("host-key", run({ ...connection, hostKey: undefined }, "true"));
  });

  it("refuses a host whose key is not the pinned one, and names the fingerprint it sent", async () => {
    const wrong = server.userKey && unused({ hostKey: await publicKeyOf(server) });
    const error = await fails("host-key", run(wrong as Connection, "true"));
    assert.match(error.message, /SHA256:/);
    assert.match(error.message, /hostKey/);
  });

  it("refuses a host that is in no known_hosts file, and says how to add it", async () => {
    const error = await fails("host-key", run(unused({ hostKey: undefined }), "true"));
    assert.match(error.message, new RegExp(`ssh-keyscan -p ${server.port} 127\\.0\\.0\\.1`));
  });

  it("takes any host when checking is spelled out to be off", async () => {
    await run(unused({ hostKey: undefined, hostKeyChecking: "off" }), "true");
  });

  it("says which ways to log in the host takes when it refuses the key", async () => {
    const error = await fails(
      "authentication",
      run(unused({ privateKey: undefined, privateKeyFile: join(server.folder, "host") }), "true"),
    );
    assert.match(error.message, /publickey/);
    assert.match(error.message, /privateKeyFile/);
  });

  it("says so when the text given as a private key is none", async () => {
    const error = await fails("authentication", run(unused({ privateKey: "not a key" }), "true"));
    assert.match(error.message, /privateKey cannot be used/);
  });

  it("dials a refused port again as often as dialErrorLimit says, then gives up", async () => {
    let dials = 0;
    const deaf = createServer((socket) => {
      dials += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const port = (deaf.address() as { port: number }).port;
    await fails("unreachable", run(unused({ port, dialErrorLimit: 2 }), "true"));
    deaf.close();
    assert.equal(dials, 3);
  });

  it("calls a port without a listener and a name without an address unreachable", async () => {
    const refused = await fails("unreachable", run(unused({ port: 1 }), "true"));
    assert.match(refused.message, /connection refused/);
    const unknown = await fails("unreachable", run(unused({ host: "no-such-host.invalid" }), "true"));
    assert.match(unknown.message, /was not found/);
  });

  it("gives up on a host that accepts and then stays silent", async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const port = (mute.address() as { port: number }).port;
    await fails("unreachable", run(unused({ port, perDialTimeout: 1 }), "true"));
    mute.close();
  });

  it("goes through a hop with a login of its own, one for all hosts behind it", async () => {
    const behind = await SshServer.start();
    try {
      const hop = unused();
      const before = server.logins();
      // Five identities stand for five hosts: more than the hop allows sessions, which forwarding does not count as.
      const hosts = [1, 2, 3, 4, 5].map((number) =>
        behind.connection({ proxy: hop, privateKeyPassword: `host ${number}` }),
      );
      const results = await Promise.all(hosts.map((host) => run(host, "echo in")));
      assert.deepEqual(
        results.map((result) => result.stdout.toString()),
        hosts.map(() => "in\n"),
      );
      assert.equal(server.logins() - before, 1);
      assert.equal(behind.logins(), 5);
      await fails("unreachable", run(behind.connection({ proxy: hop, port: 1 }), "true"));
      await fails("host-key", run(behind.connection({ proxy: { ...hop, hostKey: behind.hostKey } }), "true"));
    } finally {
      await behind.stop();
    }
  });

  it("calls a link that is cut while the script runs unreachable, and does not run the script again", async () => {
    const mark = join(server.folder, "mark");
    const cut = (piece: Buffer) => piece.includes("started") && server.cutConnections();
    const promise = run(unused(), `echo x >>${mark}; echo started; sleep 20`, { onOutput: cut });
    const error = await fails("unreachable", promise);
    assert.match(error.message, /link was lost while the script ran/);
    assert.equal(statSync(mark).size, "x\n".length);
  });

  it("calls it a lost link, too, when the script ends its own sshd", async () => {
    const script = `pid=$$
      while [ "$pid" -gt 1 ] && [ "$(cat /proc/$pid/comm)" != sshd ]; do pid=$(ps -o ppid= -p "$pid" | tr -d ' '); done
      kill -9 "$pid"; sleep 20`;
    const error = await fails("unreachable", run(unused(), script));
    assert.match(error.message, /link was lost while the script ran/);
  });

  it("tells a killed shell from a cut link", async () => {
    const error = await fails("unexpected", run(server.connection(), "kill -9 $$"));
    assert.match(error.message, /ended in the middle/);
  });

  it("runs a script of three megabytes", async () => {
    const text = "it's a line with 'quotes' and \\backslashes\n".repeat(70_000);
    const result = await run(server.connection(), `cat <<'EOF' | sha256sum\n${text}EOF\n`);
    assert.equal(result.stdout.toString().slice(0, 64), createHash("sha256").update(text).digest("hex"));
  });

  it("takes binary output byte by byte", async () => {
    const result = await run(
      server.connection(),
      "head -c 8000000 /dev/urandom | sha256sum; printf '\\000\\377\\n\\n'",
    );
    assert.deepEqual([...result.stdout.subarray(-4)], [0, 255, 10, 10]);
    const large = await run(server.connection(), "head -c 8000000 /dev/zero");
    assert.equal(large.stdout.length, 8_000_000);
  });

  it("stops a script that prints more than it may, or without end", async () => {
    await fails("unexpected", run(server.connection(), "yes", { maxOutputBytes: 100_000 }));
    await fails("unexpected", run(server.connection(), "yes >&2", { maxOutputBytes: 100_000 }));
    assert.equal((await run(server.connection(), "echo still there")).stdout.toString(), "still there\n");
  });

  it("stops waiting for a script that does not end", async () => {
    const error = await fails("timeout", run(server.connection(), "sleep 5", { timeoutMs: 500 }));
    assert.match(error.message, /0\.5 s/);
  });

  it("stops a run that is under way when it is closed, and leaves the shared login to others", async () => {
    const before = server.logins();
    const connection = unused();
    const transport = openTransport(connection, asRoot);
    await fails("unexpected", transport.run("echo started; sleep 5", { onOutput: () => transport.close() }));
    assert.equal((await run(connection, "echo on")).stdout.toString(), "on\n");
    assert.equal(server.logins() - before, 1);
  });

  it("gives output to the listener as it comes", async () => {
    const pieces: string[] = [];
    const script = "echo one; sleep 0.3; echo two";
    await run(server.connection(), script, { onOutput: (piece: Buffer) => pieces.push(piece.toString()) });
    assert.ok(pieces.length > 1, String(pieces.length));
    assert.equal(pieces.join(""), "one\ntwo\n");
  });
});

async function publicKeyOf(server: SshServer): Promise<string> {
  const { stdout } = await promisify(execFile)("ssh-keygen", ["-y", "-f", server.userKeyFile]);
  return stdout;
}
