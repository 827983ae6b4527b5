import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { loginArguments, sessionArguments } from "../../../provider/core/transport/sshArguments";
import { connection } from "./connections";

const plan = {
  connection: connection(),
  socket: "/run/user/0/pulumi-hostmem/abc",
  proxySocket: undefined,
  hostKeyOptions: ["StrictHostKeyChecking=yes"],
  knownHostsFile: undefined,
  keyAgent: undefined,
  answers: false,
  takesQuestions: true,
};

/** What ssh itself makes of arguments. */
function understood(args: string[]): Map<string, string> {
  const result = spawnSync("ssh", ["-F", "/dev/null", "-G", ...args.filter((word) => word !== "-M" && word !== "-N")], {
    encoding: "utf8",
  });
  assert.equal(result.status, 0, result.stderr);
  return new Map(
    result.stdout
      .trim()
      .split("\n")
      .map((line) => [line.split(" ")[0]!, line.slice(line.indexOf(" ") + 1)]),
  );
}

describe("arguments for ssh", () => {
  it("make a shared connection that asks nobody, forwards nothing and notices a dead link", () => {
    const options = understood(loginArguments(plan));
    assert.equal(options.get("host") ?? options.get("hostname"), "compute-1");
    assert.equal(options.get("user"), "deploy");
    for (const [name, value] of [
      ["batchmode", "yes"],
      ["controlpath", plan.socket],
      ["controlpersist", "60"],
      ["forwardagent", "no"],
      ["clearallforwardings", "yes"],
      ["serveraliveinterval", "10"],
      ["connecttimeout", "15"],
      ["passwordauthentication", "no"],
    ] as const) {
      assert.equal(options.get(name), value, name);
    }
  });

  it("let a host ask its own questions only with a password, and only where they cannot pass for ssh's", () => {
    for (const [password, takesQuestions, answer] of [
      ["x", true, "yes"],
      ["x", false, "no"],
      [undefined, true, "no"],
    ] as const) {
      const options = understood(loginArguments({ ...plan, takesQuestions, connection: connection({ password }) }));
      assert.equal(options.get("kbdinteractiveauthentication"), answer);
      assert.equal(options.get("passwordauthentication"), password === undefined ? "no" : "yes");
    }
  });

  it("hold no secret", () => {
    const secrets = { password: "pass-4711", privateKey: "key-4711", privateKeyPassword: "phrase-4711" };
    const proxy = connection({ host: "bastion", ...secrets });
    const args = loginArguments({
      ...plan,
      connection: connection({ ...secrets, proxy }),
      proxySocket: "/run/p",
      answers: true,
    });
    assert.ok(!args.join(" ").includes("4711"));
  });

  it("survive blanks, quotation marks and percent signs in paths", () => {
    const odd = `/tmp/it's 100%h "odd"/k`;
    const connectionWithOddPaths = connection({ privateKeyFile: odd, proxy: connection({ host: "bastion" }) });
    const args = loginArguments({ ...plan, connection: connectionWithOddPaths, proxySocket: odd });
    const options = understood(args);
    assert.equal(options.get("identityfile")?.replaceAll("%%", "%"), odd);
    const command = options
      .get("proxycommand")!
      .replaceAll("%h", "compute-1")
      .replaceAll("%p", "22")
      .replaceAll("%%", "%");
    const words = spawnSync("sh", ["-c", `ssh() { printf '%s\\n' "$@"; }; ${command}`], {
      encoding: "utf8",
    }).stdout.split("\n");
    assert.ok(words.includes("[compute-1]:22"), command);
    assert.ok(words.includes("bastion"));
  });

  it("leave the default port to ssh_config and name any other", () => {
    assert.ok(!loginArguments(plan).includes("-p"));
    assert.equal(understood(loginArguments({ ...plan, connection: connection({ port: 2222 }) })).get("port"), "2222");
  });

  it("use the key given as text through its agent, and nothing else", () => {
    const options = understood(
      loginArguments({ ...plan, keyAgent: "/run/k", connection: connection({ privateKeyFile: "/k" }) }),
    );
    assert.equal(options.get("identityagent"), "/run/k");
    assert.equal(options.get("identityfile"), "none");
  });

  it("offer a key file before anything the agent holds", () => {
    const options = understood(loginArguments({ ...plan, connection: connection({ privateKeyFile: "/k" }) }));
    assert.equal(options.get("identityfile"), "/k");
    assert.equal(options.get("identitiesonly"), "yes");
  });

  it("run nothing but `sh` over a shared connection, and have no other way to the host", () => {
    const args = sessionArguments("/run/s", connection());
    assert.deepEqual(args.slice(-3), ["--", "compute-1", "sh"]);
    const options = understood(args);
    assert.equal(options.get("proxycommand"), "false");
    assert.equal(options.get("controlmaster"), "false");
  });
});
