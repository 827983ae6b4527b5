import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { HostError, type HostErrorKind } from "../../../provider/core/errors";
import type { Connection } from "../../../provider/core/transport/connection";
import { execute } from "../lab/process";
import { endSharedLogins } from "./server";

/** Beside this file in the compiled tests. */
const transport = resolve(__dirname, "../../../provider/core/transport");

/** Run by Node there: what the transport makes of a connection. */
const program = `
const { openTransport } = require(${JSON.stringify(transport)});
const connection = JSON.parse(require("fs").readFileSync(0, "utf8"));
const said = (value) => process.stdout.write(JSON.stringify(value));
openTransport(connection, { method: "none" }).run("id -u").then(
  ({ stdout }) => said({ stdout: stdout.toString() }),
  ({ kind, host, problem, advice, output, message }) => said({ kind, host, problem, advice, output, message }),
);`;

/**
 * The machine that Pulumi runs on, as its user has set it up: a home with an own ~/.ssh, which ssh finds by the user
 * database and not by HOME. It is a mount namespace, so that this machine's user keeps his.
 */
export class UserMachine {
  private readonly folder = mkdtempSync("/tmp/hu-");
  readonly home = join(this.folder, "home");
  private readonly runtime = join(this.folder, "run");

  constructor() {
    chmodSync(this.folder, 0o755);
    mkdirSync(join(this.home, ".ssh"), { recursive: true, mode: 0o700 });
    mkdirSync(join(this.runtime, "pulumi-hostmem"), { recursive: true, mode: 0o700 });
    writeFileSync(
      join(this.folder, "passwd"),
      `root:x:0:0::${this.home}:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n`,
    );
  }

  write(name: string, text: string, mode = 0o600): string {
    const file = join(this.home, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
    return file;
  }

  /** Logs in from there and becomes root. @param before shell text, for what is special about the machine. */
  async logIn(connection: Connection, before = ":"): Promise<void> {
    const script = `set -e
      mount --bind ${this.folder}/passwd /etc/passwd
      ${before}
      exec "$0" -e "$1"`;
    const { SSH_AUTH_SOCK: _, ...inherited } = process.env as Record<string, string>;
    const result = await execute(
      "unshare",
      ["--mount", "--propagation", "private", "sh", "-c", script, process.execPath, program],
      {
        input: JSON.stringify(connection),
        environment: { ...inherited, HOME: this.home, XDG_RUNTIME_DIR: this.runtime },
      },
    );
    const said = JSON.parse(result.stdout || `{"message":${JSON.stringify(result.stderr)}}`) as Said;
    if (said.stdout === "0\n") return;
    if (!said.kind || !said.problem) throw new Error(said.message ?? JSON.stringify(said));
    const { advice, output } = said;
    const details = { ...(advice !== undefined && { advice }), ...(output !== undefined && { output }) };
    throw new HostError(said.kind, said.host ?? "", said.problem, details);
  }

  remove(): void {
    endSharedLogins(join(this.runtime, "pulumi-hostmem"));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface Said {
  stdout?: string;
  kind?: HostErrorKind;
  host?: string;
  problem?: string;
  advice?: string;
  output?: string;
  message?: string;
}
