import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { exitCodes, runCommand } from "../../../provider/command/command";
import { accessTo } from "../../../provider/command/hosts";
import { connectionOf, help, readWords, UsageError } from "../../../provider/command/words";

describe("the words of the command line", () => {
  it("are a host, hosts to go to, and files of such", () => {
    assert.deepEqual(readWords(["preflight", "a", "b", "c", "--to", "x", "--to=-", "--connection", "y", "--json"]), {
      do: "preflight",
      host: "a",
      others: ["b", "c"],
      to: ["x", "-"],
      connection: "y",
      json: true,
    });
    assert.deepEqual(readWords(["preflight", "--help"]), { do: "help" });
  });

  const wrong: [words: string[], says: RegExp][] = [
    [[], /what to do is missing/],
    [["fly"], /no command "fly"/],
    [["preflight"], /the host is missing/],
    [["preflight", "a"], /where the guests of a are to go is missing/],
    [["preflight", "a", "b", "--jsom"], /--jsom/],
    [["preflight", "a", "--to"], /--to/],
    [["preflight", "a", "--to", "-", "--connection", "-"], /standard input can be read once only/],
  ];
  for (const [words, says] of wrong) {
    it(`are refused in one line: ${words.join(" ") || "none"}`, () => {
      assert.throws(
        () => readWords(words),
        (error: Error) => error instanceof UsageError && says.test(error.message) && !error.message.includes("\n"),
      );
    });
  }

  it("name a host as ssh does", () => {
    assert.deepEqual(connectionOf("compute-1"), { host: "compute-1" });
    assert.deepEqual(connectionOf("deploy@compute-1:2222"), { host: "compute-1", user: "deploy", port: 2222 });
    assert.deepEqual(connectionOf("fd00::1"), { host: "fd00::1" });
    assert.deepEqual(connectionOf("root@[fd00::1]:22"), { host: "fd00::1", user: "root", port: 22 });
    assert.deepEqual(connectionOf("local"), { host: "localhost", transport: "local", user: "root" });
  });

  it("become a connection by the rules for resources", () => {
    const { connection, become } = accessTo("deploy@compute-1", undefined);
    assert.deepEqual(
      [connection.user, connection.port, connection.hostKeyChecking, become.method],
      ["deploy", 22, "strict", "sudo"],
    );
    assert.equal(accessTo("compute-1", undefined).become.method, "none");
    const file = join(mkdtempSync(join(tmpdir(), "hostmem-words-")), "access.json");
    const installation = { novaConfig: ["/srv/nova/nova.conf"] };
    writeFileSync(file, JSON.stringify({ become: "none", installation }));
    assert.deepEqual(accessTo("deploy@compute-1", file).installation, installation);
    writeFileSync(file, JSON.stringify({ novaConfig: [] }));
    assert.throws(() => accessTo("compute-1", file), /has novaConfig: write connection, become, installation alone/);
    rmSync(dirname(file), { recursive: true });
    assert.throws(() => accessTo("-oProxyCommand=x", undefined), /connection\.host: must be a host name/);
    assert.throws(() => accessTo("a@b@c", undefined), UsageError);
    assert.throws(() => accessTo("compute-1:99999", undefined), /connection\.port: must be a whole number/);
  });

  it("ask for help, which says what each exit code is", async () => {
    const printed: string[] = [];
    const output = { out: (text: string) => printed.push(text), problem: assert.fail };
    assert.equal(await runCommand(["--help"], output), exitCodes.well);
    assert.deepEqual(printed, [help]);
    for (const code of Object.values(exitCodes)) assert.match(help, new RegExp(`\\b${code} [a-z]`));
    assert.ok(help.split("\n").every((line) => line.length <= 120));
    assert.equal(await runCommand(["--version"], output), exitCodes.well);
    assert.match(printed[1]!, /^\d+\.\d+\.\d+\n$/);
  });
});
