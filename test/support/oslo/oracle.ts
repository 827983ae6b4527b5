import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { osloPython } from "./environment";

/** A whole host as far as oslo.config sees it, and what to read from it. */
export interface OsloRequest {
  /** Contents by absolute path, as bytes (latin1); null is an empty directory. */
  files: Record<string, string | null>;
  args: string[];
  environment: Record<string, string>;
  /** Options to register beside Nova's own, as strings: section and name. */
  strings: [string, string][];
  /** Options to read: section and name. */
  read: [string, string][];
}

/** An option's converted value, or the Python exception that reading it raised. */
export type OsloValue = { value: unknown } | { error: string; message: string };

export type OsloAnswer =
  /** The service would not start. */
  | { error: string; message: string }
  /** `files`: section, option, raw values, per parsed file in parse order. */
  | { files: Record<string, Record<string, string[]>>[]; values: OsloValue[] };

/** A running oslo.config of one version, asked one request after the other. */
export class OsloOracle {
  private constructor(
    readonly version: string,
    private readonly child: ChildProcess,
    private readonly answers: AsyncIterator<string>,
    private readonly root: string,
  ) {}

  static async start(version: string): Promise<OsloOracle> {
    const python = await osloPython(version);
    const root = mkdtempSync(join(tmpdir(), "hostmem-oslo-"));
    const script = resolve(__dirname, "../../../../test/support/oslo/oracle.py");
    // A user namespace gives somebody who is not root the right to chroot.
    const wrapper = process.getuid?.() === 0 ? [] : ["unshare", "--map-root-user"];
    const [command, ...rest] = [...wrapper, python, script, root];
    const environment = { PATH: process.env["PATH"], LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" };
    const child = spawn(command!, rest, { env: environment, stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout! });
    return new OsloOracle(version, child, lines[Symbol.asyncIterator](), root);
  }

  async ask(request: OsloRequest): Promise<OsloAnswer> {
    this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error(`oslo.config ${this.version} ended without an answer`);
    return JSON.parse(value) as OsloAnswer;
  }

  async stop(): Promise<void> {
    this.child.stdin!.end();
    if (this.child.exitCode === null) await once(this.child, "exit");
    rmSync(this.root, { recursive: true, force: true });
  }
}
