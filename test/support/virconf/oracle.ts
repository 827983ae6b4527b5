import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { cacheDirectory } from "../oslo/environment";

const run = promisify(execFile);

export type VirconfAnswer = { error: string } | { values: unknown[] };

/** A process that has loaded libvirt's own library, asked one text after the other. */
export class VirconfOracle {
  private constructor(
    private readonly child: ChildProcess,
    private readonly answers: AsyncIterator<string>,
  ) {}

  static async start(): Promise<VirconfOracle> {
    const directory = await libraryDirectory();
    const script = resolve(__dirname, "../../../../test/support/virconf/oracle.py");
    const libraryPath = [directory, directory.replace("/usr/lib/", "/lib/")].join(":");
    const child = spawn("python3", [script, join(directory, "libvirt.so.0")], {
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8", LD_LIBRARY_PATH: libraryPath },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout! });
    return new VirconfOracle(child, lines[Symbol.asyncIterator]());
  }

  async ask(text: string, read: readonly string[]): Promise<VirconfAnswer> {
    this.child.stdin!.write(`${JSON.stringify({ text, read })}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error("libvirt's library ended without an answer");
    return JSON.parse(value) as VirconfAnswer;
  }

  async stop(): Promise<void> {
    this.child.stdin!.end();
    if (this.child.exitCode === null) await once(this.child, "exit");
  }
}

/**
 * Where libvirt.so.0 is: unpacked from the distribution's package, with what it needs and this machine lacks. Nothing is
 * installed, as a test has no business starting daemons here.
 */
async function libraryDirectory(): Promise<string> {
  const directory = join(cacheDirectory, "libvirt");
  const found = findLibrary(directory);
  if (found) return found;
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const simulated = await run("apt-get", [
    "install",
    "--simulate",
    "--no-install-recommends",
    "--reinstall",
    "libvirt0",
  ]);
  const packages = [...simulated.stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!);
  await run("apt-get", ["download", ...packages], { cwd: partial, timeout: 300_000 });
  for (const file of readdirSync(partial)) await run("dpkg-deb", ["--extract", file, "."], { cwd: partial });
  rmSync(directory, { recursive: true, force: true });
  renameSync(partial, directory);
  const unpacked = findLibrary(directory);
  if (!unpacked) throw new Error(`the package libvirt0 has no libvirt.so.0 in ${directory}/usr/lib/*`);
  return unpacked;
}

function findLibrary(directory: string): string | undefined {
  const libraries = join(directory, "usr/lib");
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .map((name) => join(libraries, name))
    .find((candidate) => existsSync(join(candidate, "libvirt.so.0")));
}
