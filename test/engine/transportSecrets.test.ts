import { strict as assert } from "node:assert";
import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "../../provider/core/errors";
import { openTransport } from "../../provider/core/transport";
import type { Connection } from "../../provider/core/transport/connection";
import { ProcessWatch } from "../support/processWatch";
import { formsOf } from "../support/secrets";
import { PrivatePlace } from "../support/ssh/places";
import { SshServer } from "../support/ssh/server";

const PASSWORD = "pass 'word' $(id) \"%h\" \\ ünïcode";
const PASSPHRASE = "phrase-4711 with blanks";

/** Every form in which a program may have them. */
const shown = (texts: readonly string[]) => texts.flatMap((text) => [...formsOf(text).keys()]);

function run(connection: Connection, script: string) {
  return openTransport(connection, { method: "none", password: undefined }).run(script);
}

describe("credentials of a login", function () {
  this.timeout(60_000);
  const place = new PrivatePlace();
  let server: SshServer;
  let encryptedKey: string;

  before(async () => {
    place.enter();
    server = await SshServer.start({ password: PASSWORD });
    const file = join(server.folder, "encrypted");
    execFileSync("cp", [server.userKeyFile, file]);
    execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", file]);
    encryptedKey = readFileSync(file, "utf8");
  });

  after(async () => {
    await server.stop();
    place.leave();
  });

  const byPassword = (changes: Partial<Connection> = {}) =>
    server.connection({ privateKeyFile: undefined, agentSocketPath: "/nonexistent", password: PASSWORD, ...changes });

  const watched: [string, () => Connection, () => string[]][] = [
    ["a password", () => byPassword(), () => [PASSWORD]],
    [
      "an encrypted key given as text",
      () => server.connection({ privateKeyFile: undefined, privateKey: encryptedKey, privateKeyPassword: PASSPHRASE }),
      () => [PASSPHRASE, encryptedKey.split("\n")[3]!],
    ],
    [
      "an encrypted key file",
      () => server.connection({ privateKeyFile: join(server.folder, "encrypted"), privateKeyPassword: PASSPHRASE }),
      () => [PASSPHRASE],
    ],
    [
      "a key given as text with carriage returns and no line end",
      () =>
        server.connection({ privateKeyFile: undefined, privateKey: server.userKey.trim().replaceAll("\n", "\r\n") }),
      () => [server.userKey.split("\n")[2]!],
    ],
  ];
  for (const [name, connection, texts] of watched) {
    it(`logs in with ${name} that shows in no process and no file`, async () => {
      const watch = new ProcessWatch(shown(texts()), place.folder);
      try {
        const before = server.logins();
        assert.equal((await run(connection(), "echo in; sleep 0.2")).stdout.toString(), "in\n");
        assert.equal(server.logins() - before, 1);
      } finally {
        watch.stop();
      }
      assert.ok(watch.samples > 3, String(watch.samples));
      assert.deepEqual([...watch.found], []);
      assert.deepEqual(
        readdirSync(place.folder).filter((file) => !/^([0-9a-f]{20}|salt)$/.test(file)),
        [],
      );
    });
  }

  it("sees a secret that does show, so that the watch above means something", async () => {
    const child = spawn("sleep", ["5"], { env: { LEAK: Buffer.from("x leaked-4711").toString("base64") } });
    const watch = new ProcessWatch(shown(["leaked-4711"]), place.folder);
    await new Promise((resolve) => setTimeout(resolve, 100));
    watch.stop();
    child.kill();
    assert.equal(watch.found.size, 1);
  });

  const ownVariables: [string, () => Connection, Record<string, () => string>][] = [
    ["the engine's passphrase", () => server.connection(), { PULUMI_CONFIG_PASSPHRASE: () => "engine-4711" }],
    [
      "a password, alone and within an address",
      () => byPassword(),
      { HOST_PASSWORD: () => PASSWORD, HOST_ADDRESS: () => `ssh://deploy:${PASSWORD}@compute-1` },
    ],
    [
      "a key and its passphrase",
      () =>
        server.connection({
          privateKeyFile: undefined,
          privateKey: `${encryptedKey}\n`,
          privateKeyPassword: PASSPHRASE,
        }),
      {
        SSH_KEY: () => encryptedKey.trim(),
        SSH_KEY_LINE: () => encryptedKey.replaceAll("\n", "\\n"),
        PHRASE: () => PASSPHRASE,
      },
    ],
  ];
  for (const [name, connection, variables] of ownVariables) {
    it(`leaves ${name} in our own environment out of that of ssh, which lives on`, async () => {
      const values = Object.entries(variables).map(([variable, value]) => [variable, value()] as const);
      for (const [variable, value] of values) process.env[variable] = value;
      const watch = new ProcessWatch(shown(values.map(([, value]) => value.replaceAll("\\n", "\n"))), place.folder);
      const before = server.logins();
      try {
        // An agent of its own, or a line more in the key, make it another login than that of other tests.
        await run({ ...connection(), agentSocketPath: `/nonexistent/${Object.keys(variables)[0]}` }, "sleep 0.3");
      } finally {
        watch.stop();
        for (const [variable] of values) delete process.env[variable];
      }
      assert.equal(server.logins() - before, 1);
      assert.ok(watch.samples > 3, String(watch.samples));
      assert.deepEqual([...watch.found], []);
    });
  }

  it("tries a wrong password once and does not show it", async () => {
    const error = await run(byPassword({ password: "wrong-4711" }), "true").then(
      () => assert.fail("logged in"),
      (thrown: HostError) => thrown,
    );
    assert.ok(error instanceof HostError);
    assert.equal(error.kind, "authentication");
    assert.ok(!JSON.stringify({ ...error, message: error.message, stack: error.stack }).includes("wrong-4711"));
    assert.equal(server.log().match(/Failed password/g)?.length, 1);
  });

  it("says that the passphrase is missing, or wrong", async () => {
    const connection = server.connection({ privateKeyFile: undefined, privateKey: encryptedKey });
    await assert.rejects(run(connection, "true"), /The key is encrypted: give privateKeyPassword/);
    await assert.rejects(
      run({ ...connection, privateKeyPassword: "wrong" }, "true"),
      /privateKeyPassword is not the passphrase/,
    );
  });

  it("does not ask whoever sits at the terminal", async () => {
    const connection = server.connection({ privateKeyFile: join(server.folder, "encrypted") });
    await assert.rejects(run(connection, "true"), { kind: "authentication" });
  });

  it("takes a key from an agent", async () => {
    const socket = join(server.folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      for (let wait = 0; wait < 100 && !readdirSync(server.folder).includes("agent"); wait += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      execFileSync("ssh-add", ["-q", server.userKeyFile], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: "ignore",
      });
      await run(server.connection({ privateKeyFile: undefined, agentSocketPath: socket }), "true");
    } finally {
      agent.kill();
    }
  });
});
