import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../lab/lock";
import { cacheDirectory, makeEnvironment } from "../oslo/environment";

const run = promisify(execFile);

/** The Python files beside this one, which the compiler leaves where they are. */
export const scripts = resolve(__dirname, "../../../../test/support/openstack");

/** The newest of the registry when this was written; what they need in turn is pinned in constraints.txt. */
const packages = ["keystone", "openstack-placement", "nova", "openstacksdk"];

const home = join(cacheDirectory, "openstack");

/** An interpreter with keystone, placement, Nova and openstacksdk; made on first use, in a minute or two. */
export async function openStackPython(): Promise<string> {
  const directory = await once(`python-${hashOf("constraints.txt")}`, async (draft) => {
    await makeEnvironment(draft);
    const constraints = ["--constraint", join(scripts, "constraints.txt")];
    await run(join(draft, "bin", "python"), ["-m", "pip", "install", "--quiet", ...constraints, ...packages], {
      timeout: 900_000,
    });
  });
  return join(directory, "bin", "python");
}

/** A folder with the databases of a cloud that nobody has used yet; made on first use, in half a minute. */
export async function cloudTemplate(): Promise<string> {
  const python = await openStackPython();
  const inputs = ["constraints.txt", "cloud.py", "people.py"];
  return once(`template-${hashOf(...inputs)}`, async (draft) => {
    const done = spawnSync(python, [join(scripts, "cloud.py"), "prepare", draft], {
      encoding: "utf8",
      timeout: 900_000,
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8" },
    });
    if (done.status !== 0) throw new Error(`preparing a cloud: ${done.error?.message ?? done.stderr.slice(-4000)}`);
  });
}

function hashOf(...files: string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(join(scripts, file)));
  return hash.digest("hex").slice(0, 12);
}

/** Makes a folder unless it was once made whole. Several test files may come here at once. */
function once(name: string, make: (directory: string) => Promise<void>): Promise<string> {
  return withLock(`openstack-${name}`, 1_800, () => onceAlone(name, make));
}

/** A folder is whole once it has its mark: a virtual environment cannot be renamed. */
async function onceAlone(name: string, make: (directory: string) => Promise<void>): Promise<string> {
  const directory = join(home, name);
  const mark = `${directory}.complete`;
  if (existsSync(mark)) return directory;
  mkdirSync(home, { recursive: true });
  rmSync(directory, { recursive: true, force: true });
  await make(directory);
  const draft = `${mark}.${process.pid}`;
  mkdirSync(draft);
  renameSync(draft, mark);
  return directory;
}
