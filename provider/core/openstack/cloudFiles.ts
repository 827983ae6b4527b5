import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { CloudFile, CloudFiles } from "./clouds";
import { CloudError } from "./errors";

type Environment = Readonly<Record<string, string | undefined>>;

/** Far more than any clouds.yaml; a device or a log by that name is not read to its end. */
const maxBytes = 4 * 1024 * 1024;

/** Reads the files that openstacksdk would read on this machine. */
export function readCloudFiles(environment: Environment, directory = process.cwd()): CloudFiles {
  const find = (name: string, first?: string) => firstOf(name, first || undefined, places(environment, directory));
  return {
    clouds: find("clouds", environment["OS_CLIENT_CONFIG_FILE"]),
    secure: find("secure", environment["OS_CLIENT_SECURE_FILE"]),
    vendors: find("clouds-public"),
  };
}

/** In this order; the first file found wins. */
function places(environment: Environment, directory: string): string[] {
  const home = environment["HOME"] || homedir();
  const configuration = environment["XDG_CONFIG_HOME"] || join(home, ".config");
  const apple = process.platform === "darwin" ? "Library/Application Support/openstack" : undefined;
  return [
    directory,
    ...(apple ? [join(home, apple)] : [join(configuration, "openstack")]),
    join(home, ".config", "openstack"),
    ...(apple ? [join("/", apple)] : ["/etc/xdg/openstack"]),
    "/etc/openstack",
  ];
}

function firstOf(name: string, first: string | undefined, folders: readonly string[]): CloudFile | undefined {
  const paths = folders.flatMap((folder) => ["yaml", "yml", "json"].map((suffix) => join(folder, `${name}.${suffix}`)));
  for (const path of first === undefined ? paths : [first, ...paths]) {
    if (!existsSync(path)) continue;
    try {
      const content = readFileSync(path);
      if (content.length > maxBytes) throw new Error("it is too large");
      return { path, text: content.toString("utf8") };
    } catch (error) {
      // As openstacksdk does: a file that only others may read is none.
      if ((error as NodeJS.ErrnoException).code === "EACCES") continue;
      const reason = (error as Error).message;
      throw new CloudError("settings", "openstack", `${path} cannot be read: ${reason}`, "mend that, or remove it");
    }
  }
  return undefined;
}
