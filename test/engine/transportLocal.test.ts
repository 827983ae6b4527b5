import { strict as assert } from "node:assert";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTransport } from "../../provider/core/transport";
import type { Become, Connection } from "../../provider/core/transport/connection";

const local: Connection = {
  host: "localhost",
  port: 22,
  user: undefined,
  password: undefined,
  privateKey: undefined,
  privateKeyPassword: undefined,
  agentSocketPath: undefined,
  hostKey: undefined,
  dialErrorLimit: 0,
  perDialTimeout: 10,
  proxy: undefined,
  transport: "local",
  privateKeyFile: undefined,
  hostKeyChecking: "strict",
};

/**
 * Not the real sudo: a script that speaks as sudo does, to try the dialogue without changing this machine's users. `id` beside
 * it says that we are not root until it has run.
 */
const STAND_IN = `#!/bin/sh
here=$(dirname "$0")
printf '%s\\n' "$*" >>"$here/calls"
ask() { printf '%s' "$prompt" >&2; IFS= read -r answer || answer=; printf '%s\\n' "$answer" >>"$here/answers"; }
prompt= interactive=yes
while :; do
  case $1 in
    -n) interactive=no; shift ;;
    -S) shift ;;
    -p) prompt=$2; shift 2 ;;
    --) shift; break ;;
  esac
done
. "$here/behaviour"
PATH=\${PATH#"$here":} exec "$@"
`;

describe("this machine", function () {
  this.timeout(30_000);

  it("runs a script as any other host does", async () => {
    const result = await openTransport(local, { method: "none", password: undefined }).run(
      "echo out; echo problem >&2; exit 3",
    );
    assert.deepEqual(
      { ...result, stdout: result.stdout.toString() },
      { stdout: "out\n", stderr: "problem", exitCode: 3 },
    );
  });

  it("does not hand the caller's environment to scripts", async () => {
    process.env["PULUMI_CONFIG_PASSPHRASE"] = "engine-4711";
    const result = await openTransport(local, { method: "none", password: undefined })
      .run("env")
      .finally(() => {
        delete process.env["PULUMI_CONFIG_PASSPHRASE"];
      });
    assert.doesNotMatch(result.stdout.toString(), /4711/);
  });

  it("reports a script that is not shell at all, and one that is not complete, as a failed script", async () => {
    const transport = openTransport(local, { method: "none", password: undefined });
    for (const script of ["echo before; if", "echo 'open", "cat <<EOF\nopen", "( "]) {
      const result = await transport.run(script);
      assert.notEqual(result.exitCode, 0, script);
      assert.equal(result.stdout.toString(), "", script);
      assert.notEqual(result.stderr, "", script);
    }
  });

  it("runs scripts that are empty, end in a comment, or in a backslash", async () => {
    const transport = openTransport(local, { method: "none", password: undefined });
    for (const script of ["", "# nothing", "true \\", "\n\n", "true;"])
      assert.equal((await transport.run(script)).exitCode, 0, script);
  });

  it("gives a script an empty standard input, and survives one that closes its outputs", async () => {
    const transport = openTransport(local, { method: "none", password: undefined });
    assert.equal((await transport.run("cat; echo end")).stdout.toString(), "end\n");
    assert.equal((await transport.run("echo a; exec >&- 2>&-; exit 5")).exitCode, 5);
  });

  it("does not wait for what a script leaves in the background", async () => {
    const result = await openTransport(local, { method: "none", password: undefined }).run("sleep 3 & echo $!");
    process.kill(Number(result.stdout.toString()));
    assert.equal(result.exitCode, 0);
  });

  it("ends everything a script has started once its time is over", async () => {
    let pid = 0;
    const onOutput = (piece: Buffer) => {
      pid = Number(piece.toString());
    };
    const promise = openTransport(local, { method: "none", password: undefined }).run(
      "sh -c 'echo $$; exec sleep 60'; true",
      {
        timeoutMs: 500,
        onOutput,
      },
    );
    await assert.rejects(promise, { kind: "timeout" });
    for (let wait = 0; wait < 100 && stateOf(pid) !== ""; wait += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(stateOf(pid), "");
  });

  it("stops a run that is under way when it is closed", async () => {
    const transport = openTransport(local, { method: "none", password: undefined });
    const promise = transport.run("echo started; sleep 30", { onOutput: () => transport.close() });
    await assert.rejects(promise, { kind: "unexpected", message: /the run was stopped/ });
  });

  it("shows an error thrown by the listener, and ends the script", async () => {
    const onOutput = () => {
      throw new Error("listener");
    };
    const promise = openTransport(local, { method: "none", password: undefined }).run("echo x; sleep 30", { onOutput });
    await assert.rejects(promise, { kind: "unexpected", message: /reading the script's output failed/ });
  });
});

describe("becoming root, with a stand-in for sudo", function () {
  this.timeout(30_000);
  const password = "pass 'word' $(id)";
  let folder: string;
  let path: string | undefined;

  beforeEach(() => {
    folder = mkdtempSync("/tmp/hs-");
    write("sudo", STAND_IN);
    write("id", "#!/bin/sh\necho 1000\n");
    write("calls", "");
    write("answers", "");
    path = process.env["PATH"];
    process.env["PATH"] = `${folder}:${path}`;
  });

  afterEach(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });

  function write(name: string, text: string): void {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }

  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  function run(behaviour: string, become: Partial<Become> = {}) {
    write("behaviour", behaviour);
    return openTransport(local, { method: "sudo", password, ...become }).run("echo done");
  }

  it("sends the password once sudo asks, and only then", async () => {
    assert.equal((await run("sleep 0.2; ask")).stdout.toString(), "done\n");
    assert.equal(read("answers"), `${password}\n`);
  });

  it("sends no password when sudo does not ask (NOPASSWD, cached ticket)", async () => {
    assert.equal((await run("sleep 0.2")).stdout.toString(), "done\n");
    assert.equal(read("answers"), "");
  });

  it("asks sudo for the same command each time, with nothing secret in it", async () => {
    await run("ask");
    await run("true", { password: undefined });
    const [first, second] = read("calls").trim().split("\n");
    assert.match(first!, /^-S -p hostmem-sudo-[0-9a-f]{32} -- sh -c echo hostmem-root-shell \$\(id -u\); exec sh -s$/);
    assert.equal(second, "-n -- sh -c echo hostmem-root-shell $(id -u); exec sh -s");
  });

  it("takes a second question for a wrong password, and does not guess on", async () => {
    await assert.rejects(run("ask; echo 'Sorry, try again.' >&2; ask; ask"), {
      kind: "become",
      message: /did not accept the password/,
    });
    assert.equal(read("answers").split(password).length, 2);
  });

  it("sees the question in pieces and behind a lecture", async () => {
    const slowly = `echo 'We trust you have received the usual lecture' >&2
      for part in "$(printf %.20s "$prompt")" "\${prompt#????????????????????}"; do printf %s "$part" >&2; sleep 0.1; done
      prompt=; ask`;
    assert.equal((await run(slowly)).stdout.toString(), "done\n");
  });

  const refusals: [string, string, RegExp][] = [
    ["a password is needed and none is given", "sudo: a password is required", /give become\.password/i],
    ["the user is not in sudoers", "deploy is not in the sudoers file.", /may not use sudo/],
    [
      "sudoers does not allow a shell",
      "Sorry, user deploy is not allowed to execute '/usr/bin/sh -c echo' as root on compute-1.",
      /does not let the user run a shell/,
    ],
    ["sudo wants a terminal", "sudo: sorry, you must have a tty to run sudo", /!requiretty/],
  ];
  for (const [name, message, expected] of refusals) {
    it(`explains that ${name}`, async () => {
      const promise = run(`echo ${JSON.stringify(message)} >&2; exit 1`, { password: undefined });
      await assert.rejects(promise, { kind: "become", message: expected });
    });
  }

  it("explains that sudo made somebody else of us than root", async () => {
    await assert.rejects(run('PATH=$PATH:; exec sh -c "echo hostmem-root-shell 1000; cat"'), {
      kind: "become",
      message: /user id 1000/,
    });
  });

  it("needs no sudo when already root", async () => {
    rmSync(join(folder, "id"));
    assert.equal((await run("exit 1")).stdout.toString(), "done\n");
    assert.equal(read("calls"), "");
  });
});

function stateOf(pid: number): string {
  try {
    const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
    return state === "Z" ? "" : state;
  } catch {
    return "";
  }
}
