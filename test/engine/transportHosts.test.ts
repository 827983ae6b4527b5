import { strict as assert } from "node:assert";
import { openTransport } from "../../provider/core/transport";
import type { Connection } from "../../provider/core/transport/connection";
import { PrivatePlace } from "../support/ssh/places";
import { type ServerOptions, SshServer } from "../support/ssh/server";

function run(connection: Connection, script: string, options = {}) {
  return openTransport(connection, { method: "none", password: undefined }).run(script, options);
}

describe("hosts of many kinds over ssh", function () {
  this.timeout(60_000);
  const place = new PrivatePlace();
  const servers: SshServer[] = [];

  before(() => place.enter());

  after(async () => {
    for (const server of servers) await server.stop();
    place.leave();
  });

  async function host(options: ServerOptions): Promise<SshServer> {
    const server = await SshServer.start(options);
    servers.push(server);
    return server;
  }

  it("cuts off what a noisy login shell and a banner print", async () => {
    const loginShell = `#!/bin/sh
printf 'Welcome! hostmem-root-shell \\033[31mno line end'
printf 'Warning: $TERM\\nhostmem 00 begin\\n' >&2
head -c 300000 /dev/zero
/bin/sh "$@"
echo 'Good bye'`;
    const server = await host({ loginShell, config: ["Banner /etc/passwd"] });
    const result = await run(server.connection(), "echo out; echo problem >&2");
    assert.deepEqual(
      { ...result, stdout: result.stdout.toString() },
      { stdout: "out\n", stderr: "problem", exitCode: 0 },
    );
  });

  it("gives up on a login shell that prints without end", async () => {
    const server = await host({ loginShell: "#!/bin/sh\nyes" });
    await assert.rejects(run(server.connection(), "true"), { kind: "unexpected", message: /prints without end/ });
  });

  it("gives up on a login shell that never starts ours", async () => {
    const server = await host({ loginShell: "#!/bin/sh\necho waiting for the moon >&2\nexec sleep 30" });
    const promise = run(server.connection(), "true", { timeoutMs: 1000 });
    await assert.rejects(promise, { kind: "timeout", message: /waiting for the moon/ });
  });

  it("quotes an account that lets nobody in", async () => {
    const loginShell = "#!/bin/sh\nprintf 'This account is \\033]0;title\\007currently not available.\\n'\nexit 1";
    const server = await host({ loginShell });
    await assert.rejects(run(server.connection(), "true"), {
      kind: "unexpected",
      message: /exit code 1: This account is currently not available\./,
    });
  });

  it("has root's tools on the path and an untranslated language, whatever the login shell sets", async () => {
    const loginShell =
      '#!/bin/sh\nPATH=/bin LC_ALL=de_DE.UTF-8 LANG=de_DE CDPATH=/tmp; export PATH LC_ALL LANG CDPATH; umask 077; exec /bin/sh "$@"';
    const server = await host({ loginShell });
    const result = await run(
      server.connection(),
      'echo "$PATH $LC_ALL $(umask) $(pwd) ${CDPATH-none}"; command -v mkfs.ext4',
    );
    assert.match(result.stdout.toString(), /^\S*\/usr\/sbin\S* C 0022 \/ none\n\S+mkfs\.ext4\n$/);
  });

  it("believes a host certificate of the given authority, for the names in it only", async () => {
    const server = await host({ certifiedFor: "127.0.0.1" });
    const hostKey = `@cert-authority * ${server.authorityKey}`;
    await run(server.connection({ hostKey }), "true");
    const other = await host({ certifiedFor: "other.example.net" });
    await assert.rejects(run(other.connection({ hostKey: `@cert-authority * ${other.authorityKey}` }), "true"), {
      kind: "host-key",
    });
    await assert.rejects(run(other.connection({ hostKey }), "true"), { kind: "host-key" });
  });

  it("waits for a host that comes up late, as dialErrorLimit allows", async () => {
    const server = await host({});
    await server.silence();
    const promise = run(server.connection({ dialErrorLimit: -1 }), "echo up");
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.listen();
    assert.equal((await promise).stdout.toString(), "up\n");
  });

  it("dials again when the host has too many logins at once", async () => {
    const server = await host({ config: ["MaxStartups 1:100:1"] });
    const runs = Array.from({ length: 5 }, (_, number) =>
      run(server.connection({ privateKeyPassword: `login ${number}`, dialErrorLimit: 40 }), "true"),
    );
    await Promise.all(runs);
    assert.equal(server.logins(), 5);
  });
});
