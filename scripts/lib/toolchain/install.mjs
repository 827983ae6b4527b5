import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandFailed, runQuietly } from "../command.mjs";
import { toolFolder } from "../paths.mjs";
import { cliVersion } from "./version.mjs";

const INSTALL_LIMIT_SECONDS = 60;
const worker = fileURLToPath(new URL("./officialInstaller.cjs", import.meta.url));

/**
 * Lets Pulumi's own installer put the CLI into `folder`/bin. False if that does not work here, which is no fault:
 * in a closed network its download fails at once. A process of its own, because the installer has no way to stop it.
 */
export async function installOfficially(folder, environment) {
  try {
    await runQuietly(
      `installing the Pulumi CLI ${cliVersion}`,
      join(toolFolder, "node"),
      [worker, folder, cliVersion],
      { env: environment, limitSeconds: INSTALL_LIMIT_SECONDS },
    );
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}
