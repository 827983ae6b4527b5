import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../lab/lock";
import { installPackages } from "../machinePackages";

const run = promisify(execFile);

/** Where what tests download is kept between runs. */
export const cacheDirectory = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "pulumi-hostmem");

/** The oslo.config versions that the tests compare with: one of 2022 (Zed) and the newest. */
export const osloVersions = ["9.0.0", "10.7.0"] as const;

/** The Python of a virtual environment that has this version of oslo.config; made on first use. */
export function osloPython(version: string): Promise<string> {
  // Several test files may come here at once.
  return withLock(`oslo-${version}`, 900, () => osloPythonAlone(version));
}

async function osloPythonAlone(version: string): Promise<string> {
  const directory = join(cacheDirectory, "oslo", version);
  const python = join(directory, "bin", "python");
  const check = `import importlib.metadata as m, oslo_config.cfg; assert m.version("oslo.config") == "${version}"`;
  if (existsSync(python) && (await succeeds(python, ["-c", check]))) return python;

  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(cacheDirectory, "oslo"), { recursive: true });
  await makeEnvironment(directory);
  await run(python, ["-m", "pip", "install", "--quiet", `oslo.config==${version}`], { timeout: 300_000 });
  await run(python, ["-c", check], { timeout: 60_000 });
  return python;
}

/** A virtual environment. Debian's python3 has the venv module only with the package python3-venv. */
export async function makeEnvironment(directory: string): Promise<void> {
  const arguments_ = ["-m", "venv", directory];
  if (await succeeds("python3", arguments_)) return;
  if (await succeeds("/usr/bin/python3", arguments_)) return;
  try {
    installPackages(["python3-venv"]);
    await run("/usr/bin/python3", arguments_, { timeout: 120_000 });
  } catch (cause) {
    throw new Error("no python3 here can make a virtual environment: install python3 and python3-venv", { cause });
  }
}

async function succeeds(command: string, arguments_: readonly string[]): Promise<boolean> {
  try {
    await run(command, arguments_, { timeout: 300_000 });
    return true;
  } catch {
    return false;
  }
}
