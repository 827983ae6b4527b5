import { strict as assert } from "node:assert";
import { sshEnvironment, withhold } from "../../../provider/core/transport/environment";
import { connection } from "./connections";

const key = "-----BEGIN KEY-----\nb3BlbnNzaC1rZXktdjE4711\n-----END KEY-----\n";

describe("the environment of ssh", () => {
  const given: Record<string, string> = {
    HOST_PASSWORD: "host-pass-4711",
    ADDRESS: "ssh://deploy:host-pass-4711@compute-1",
    SUDO: "sudo-pass-4711",
    JUMP: "jump-pass-4711",
    PHRASE: "phrase 4711",
    SSH_KEY: key,
    TRIMMED: key.trim(),
    WINDOWS: key.replaceAll("\n", "\r\n"),
    ESCAPED: key.replaceAll("\n", "\\n"),
    SHORT: "abc",
    PULUMI_CONFIG_PASSPHRASE: "x",
    OS_PASSWORD: "x",
  };
  const other: Record<string, string> = { AWS_PROFILE: "ops", LETTERS: "abcdef", TMPDIR: "/tmp/host-pass-4711" };
  let seen: NodeJS.ProcessEnv;

  before(() => {
    const all = { ...given, ...other };
    const former = Object.fromEntries(Object.keys(all).map((name) => [name, process.env[name]]));
    Object.assign(process.env, all);
    const proxy = connection({ host: "jump", password: "jump-pass-4711" });
    withhold(connection({ password: "host-pass-4711", privateKey: key, privateKeyPassword: "phrase 4711", proxy }), {
      method: "sudo",
      password: "sudo-pass-4711",
    });
    withhold(connection({ password: "abc" }));
    seen = sshEnvironment();
    for (const [name, value] of Object.entries(former)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  for (const name of Object.keys(given))
    it(`has no ${name}, which a credential is in`, () => assert.equal(seen[name], undefined));
  for (const [name, value] of Object.entries(other))
    it(`has ${name}, which ssh or what ssh_config names may need`, () => assert.equal(seen[name], value));
});
