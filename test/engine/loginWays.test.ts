import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hostKeyWays } from "../support/access/hostKeyWays";
import { loginWays, type World } from "../support/access/loginWays";
import { tryWay } from "../support/access/way";
import { sampled } from "../support/sampled";
import { SshServer } from "../support/ssh/server";
import { UserMachine } from "../support/ssh/userMachine";

const password = "pass 'word' $(id) \"%h\" \\ ünïcode";
const passphrase = "phrase-4711 with blanks";

describe("ways to log in", function () {
  this.timeout(60_000);
  const servers: SshServer[] = [];
  const running: ChildProcess[] = [];
  let folder: string;
  let common: Omit<World, "user">;

  const start = async (options: Parameters<typeof SshServer.start>[0] = {}) => {
    const server = await SshServer.start(options);
    servers.push(server);
    return server;
  };

  before(async () => {
    folder = mkdtempSync("/tmp/hostmem-ways-");
    newKey("authority");
    const host = await start({ password });
    const authority = await start({
      config: [`TrustedUserCAKeys ${folder}/authority.pub`, "AuthorizedKeysFile none", "PasswordAuthentication no"],
    });
    const encrypted = newKey("encrypted", ["-t", "ed25519", "-N", passphrase]);
    const rsa = newKey("rsa", ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]);
    for (const file of [encrypted, rsa]) appendFileSync(`${host.folder}/authorized_keys`, readFileSync(`${file}.pub`));
    const strict = await start({ config: ["MaxAuthTries 3"] });
    common = {
      host,
      authority,
      strict,
      certified: await start({ certifiedFor: "127.0.0.1" }),
      misnamed: await start({ certifiedFor: "other.example.net" }),
      closed: await start({ config: ["AllowTcpForwarding no"] }),
      password,
      passphrase,
      keys: {
        encrypted,
        rsa,
        stranger: newKey("stranger"),
        signed: signed("signed", "root", "+1h"),
        expired: signed("expired", "root", "20200101:20200102"),
        forAnother: signed("for-another", "somebody-else", "+1h"),
      },
      agents: {
        right: await agentWith("right", [host.userKeyFile]),
        empty: await agentWith("empty", []),
        many: await agentWith("many", [...[1, 2, 3, 4].map((number) => newKey(`wrong-${number}`)), strict.userKeyFile]),
      },
      text: (file) => readFileSync(file, "utf8"),
    };
  });
  after(async () => {
    for (const agent of running) agent.kill();
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function newKey(name: string, options = ["-t", "ed25519", "-N", ""]): string {
    const file = join(folder, name);
    execFileSync("ssh-keygen", ["-q", ...options, "-C", name, "-f", file]);
    return file;
  }

  function signed(name: string, principal: string, validity: string): string {
    const file = newKey(name);
    const authority = join(folder, "authority");
    execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", name, "-n", principal, "-V", validity, `${file}.pub`]);
    return file;
  }

  async function agentWith(name: string, keys: readonly string[]): Promise<string> {
    const socket = join(folder, `agent-${name}`);
    running.push(spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" }));
    for (let wait = 0; wait < 200 && !existsSync(socket); wait += 1) await sleep(20);
    const environment = { ...process.env, SSH_AUTH_SOCK: socket };
    for (const key of keys) execFileSync("ssh-add", ["-q", key], { env: environment, stdio: "ignore" });
    return socket;
  }

  for (const way of sampled("ways to log in", [...hostKeyWays, ...loginWays], 20)) {
    it(way.name, async () => {
      const user = new UserMachine();
      try {
        const world = { ...common, user };
        for (const [name, text] of Object.entries(way.home?.(world) ?? {})) user.write(name, text);
        await tryWay(way.name, () => user.logIn(way.connection(world), way.before?.(world)), way.refused);
      } finally {
        user.remove();
      }
    });
  }
});
