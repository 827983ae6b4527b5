import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../../provider/core/transport/connection";
import { type SshdProgram, sshdProgram } from "./program";

export interface ServerOptions {
  /** More lines for sshd_config; the first of two equal options counts. */
  config?: string[];
  /** root's password, for logins by password. */
  password?: string;
  /** root's login shell: the text of a program. */
  loginShell?: string;
  /** Certificate authority that signs the server's host key; the key's principals. */
  certifiedFor?: string;
  /** Where it listens: 127.0.0.1 unless told otherwise, so that hosts can be told apart. */
  address?: string;
}

/**
 * A real sshd on a random port of a loopback address, as root. It lives in a mount namespace of its own with its own /run and its own
 * user database, so that this machine stays as it is and nothing is left when it ends.
 */
export class SshServer {
  private server: ChildProcess | undefined;

  private constructor(
    readonly folder: string,
    readonly address: string,
    readonly port: number,
    private readonly program: SshdProgram,
  ) {}

  static async start(options: ServerOptions = {}): Promise<SshServer> {
    if (process.getuid?.() !== 0) throw new Error("tests with a real sshd must run as root");
    const folder = mkdtempSync("/tmp/hm-");
    const address = options.address ?? "127.0.0.1";
    const server = new SshServer(folder, address, await freePort(address), sshdProgram());
    server.prepare(options);
    await server.listen();
    return server;
  }

  get hostKey(): string {
    return this.read("host.pub");
  }

  get authorityKey(): string {
    return this.read("authority.pub");
  }

  get userKeyFile(): string {
    return join(this.folder, "user");
  }

  get userKey(): string {
    return this.read("user");
  }

  /** A connection to this server that works; the host key is pinned. */
  connection(changes: Partial<Connection> = {}): Connection {
    return {
      host: this.address,
      port: this.port,
      user: "root",
      password: undefined,
      privateKey: undefined,
      privateKeyPassword: undefined,
      agentSocketPath: undefined,
      hostKey: this.hostKey,
      dialErrorLimit: 0,
      perDialTimeout: 10,
      proxy: undefined,
      transport: "ssh",
      privateKeyFile: this.userKeyFile,
      hostKeyChecking: "strict",
      ...changes,
    };
  }

  /** How many logins sshd has accepted so far. */
  logins(): number {
    return this.log().match(/^Accepted (publickey|password|keyboard-interactive)/gm)?.length ?? 0;
  }

  log(): string {
    return this.read("log");
  }

  /** Cuts every connection, as a network that is gone would, while the server goes on listening. */
  cutConnections(): void {
    for (const pid of childrenOf(this.server?.pid)) kill(pid);
  }

  /** Ends the server and its connections; `listen` brings it back on the same port. */
  async silence(): Promise<void> {
    const ended = this.server && new Promise((resolve) => this.server?.once("exit", resolve));
    this.cutConnections();
    this.server?.kill("SIGKILL");
    await ended;
    this.server = undefined;
  }

  async listen(): Promise<void> {
    const { folder, program } = this;
    const script = `
      set -e
      mount -t tmpfs -o mode=755 tmpfs /run
      mkdir /run/sshd
      for name in passwd shadow; do mount --bind "${folder}/$name" "/etc/$name"; done
      exec ${program.path} -D -e -f ${folder}/config 2>>${folder}/log`;
    const environment = { PATH: process.env["PATH"], ...(program.libraries && { LD_LIBRARY_PATH: program.libraries }) };
    this.server = spawn("unshare", ["-m", "--propagation", "private", "sh", "-c", script], {
      env: environment,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const limit = Date.now() + 10_000;
    while (!(await answers(this.address, this.port))) {
      if (Date.now() > limit || this.server.exitCode !== null) throw new Error(`sshd did not start: ${this.log()}`);
      await sleep(20);
    }
  }

  async stop(): Promise<void> {
    await this.silence();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private prepare(options: ServerOptions): void {
    const { folder, port } = this;
    chmodSync(folder, 0o755);
    for (const name of ["host", "user"]) this.makeKey(name);
    if (options.certifiedFor) this.certify(options.certifiedFor);
    const hash =
      options.password && execFileSync("openssl", ["passwd", "-6", options.password], { encoding: "utf8" }).trim();
    const shell = options.loginShell ? this.write("shell", options.loginShell, 0o755) : "/bin/sh";
    mkdirSync(join(folder, "home"));
    this.write(
      "passwd",
      `root:x:0:0::${folder}/home:${shell}\nsshd:x:65532:65534::/run/sshd:/usr/sbin/nologin\n`,
      0o644,
    );
    this.write("shadow", `root:${hash || "*"}:19000::::::\nsshd:*:19000::::::\n`, 0o600);
    this.write("authorized_keys", this.read("user.pub"), 0o600);
    this.write("log", "", 0o600);
    const config = [
      ...(options.config ?? []),
      `Port ${port}`,
      `ListenAddress ${this.address}`,
      `HostKey ${folder}/host`,
      ...(options.certifiedFor ? [`HostCertificate ${folder}/host-cert.pub`] : []),
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      "PermitRootLogin yes",
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
      "LogLevel VERBOSE",
    ];
    this.write("config", `${config.join("\n")}\n`, 0o600);
  }

  private makeKey(name: string): void {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(this.folder, name)]);
  }

  private certify(principals: string): void {
    this.makeKey("authority");
    const signing = ["-q", "-s", "authority", "-I", "test", "-h", "-n", principals, "host.pub"];
    execFileSync("ssh-keygen", signing, { cwd: this.folder });
  }

  private write(name: string, text: string, mode: number): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
    return path;
  }

  private read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }
}

/** Ends every shared login in a private folder, and says how many there were. */
export function endSharedLogins(folder: string): number {
  const sockets = readdirSync(folder).filter((name) => /^[0-9a-f]{20}$/.test(name));
  for (const name of sockets) {
    spawnSync("ssh", ["-F", "/dev/null", "-o", `ControlPath=${join(folder, name)}`, "-O", "exit", "x"], {
      timeout: 5000,
    });
  }
  return sockets.length;
}

/** Process ids of the shared connection behind a socket, as ssh says it. */
export function masterPid(socket: string): number {
  const args = ["-F", "/dev/null", "-o", `ControlPath=${socket}`, "-O", "check", "x"];
  const result = spawnSync("ssh", args, { encoding: "utf8", timeout: 5000 });
  return Number(/pid=(\d+)/.exec(result.stderr)?.[1]);
}

function childrenOf(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const direct = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return direct.flatMap((child) => [child, ...childrenOf(child)]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, host);
    probe.once("data", () => resolve(true)).once("error", () => resolve(false));
    probe.once("data", () => probe.destroy());
  });
}
