import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabError } from "./process";

/** Where prepared images are kept: they take minutes to make and may be thrown away at any time. */
export function imageFolder(): string {
  const cache = process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache");
  return path.join(cache, "pulumi-hostmem", "lab");
}

/**
 * The folder of everything that runs. One per machine, whatever the caller's home is, because addresses, devices and
 * network namespaces are the machine's; not in the repository, and not on a tmpfs, which cannot hold what Nova writes.
 */
const stateFolder = "/var/tmp/hostmem-lab";

/** Makes the lab's state folder if needed, and refuses one that somebody else prepared (/var/tmp is everybody's). */
export function openStateFolder(): string {
  fs.mkdirSync(hostsFolder(), { recursive: true, mode: 0o700 });
  const found = fs.lstatSync(stateFolder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new LabError(`${stateFolder} is not ours: remove it, or look who made it`);
  }
  return stateFolder;
}

/** One folder per host below here; its `host.json` is the register entry. */
export function hostsFolder(): string {
  return path.join(stateFolder, "hosts");
}

/** The folder of one host. */
export function hostFolder(name: string): string {
  return path.join(hostsFolder(), name);
}

/** The sources of the lab in the checkout: shell and Python files are used from there, the compiler does not copy them. */
export function sourceFolder(): string {
  return path.join(repositoryRoot(), "test", "support", "lab");
}

/** The checkout this file was compiled in. */
export function repositoryRoot(): string {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, "tsconfig.json"))) {
      return folder;
    }
  }
  throw new LabError(`no checkout of the project above ${__dirname}`);
}
