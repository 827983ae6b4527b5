import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandFailed, runQuietly } from "../command.mjs";
import { pluginFolder } from "../paths.mjs";
import { LANGUAGE_HOST } from "./onPath.mjs";
import { cliVersion } from "./version.mjs";

const BUILD_LIMIT_SECONDS = 1800;
const GO_FLAGS = "-mod=mod -buildvcs=false -trimpath";

/**
 * The two programs as Go modules, each in a module of its own, because they need different releases of Pulumi's sdk/v3.
 *
 * The language host is not published as a module any more: v3.68.0 is the last release that had it inside sdk/v3, and it still
 * works with this CLI for programs and dynamic providers. The CLI's own go.mod replaces a dependency, and such a line counts
 * only in the main module, so it is repeated here.
 */
export const goPrograms = [
  {
    name: LANGUAGE_HOST,
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    module: ["module hostmem.invalid/language-host", "go 1.25", "require github.com/pulumi/pulumi/sdk/v3 v3.68.0"].join(
      "\n\n",
    ),
  },
  {
    name: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    module: [
      "module hostmem.invalid/cli",
      "go 1.25",
      `require github.com/pulumi/pulumi/pkg/v3 v${cliVersion}`,
      "replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e",
    ].join("\n\n"),
  },
];

const DYNAMIC_PLUGIN = "pulumi-resource-pulumi-nodejs";

/** Builds the CLI and its Node language host into `folder`/bin: some minutes the first time. */
export async function buildFromGoModules(folder, environment) {
  for (const program of goPrograms) await build(program, folder, environment);
  // Beside the CLI, as in a release: a plugin found on PATH only is a warning in each preview. It is a few lines of shell
  // that look for the SDK of the program being run, so the copy serves every clone and every SDK version.
  copyFileSync(join(pluginFolder, DYNAMIC_PLUGIN), join(folder, "bin", DYNAMIC_PLUGIN));
}

async function build(program, folder, environment) {
  const source = join(folder, `source-${program.name}`);
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "go.mod"), `${program.module}\n`);
  // Without the stamp the CLI calls itself a development build, which the Automation API and `requiredPulumiVersion` refuse.
  const stamp = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${cliVersion}`;
  const args = ["build", "-o", join(folder, "bin", program.name), "-ldflags", `-s -w ${stamp}`, program.package];
  try {
    await runQuietly(`building ${program.name} from Go modules (once, some minutes)`, "go", args, {
      cwd: source,
      // -mod=mod lets Go complete go.mod, whose versions all follow from the pinned one; of two equal flags the later one
      // counts, so what the user needs for this network stays. A workspace around us is not ours.
      env: { ...environment, GOFLAGS: `${environment.GOFLAGS ?? ""} ${GO_FLAGS}`, GOWORK: "off", CGO_ENABLED: "0" },
      limitSeconds: BUILD_LIMIT_SECONDS,
    });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Error(
      `${error.message}\nPut Pulumi ${cliVersion} or newer on PATH, or Go 1.25 or newer with access to Go modules.`,
    );
  }
  rmSync(source, { recursive: true });
}
