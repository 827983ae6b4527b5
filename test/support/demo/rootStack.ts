import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { repositoryRoot } from "../lab/places";
import { sleep } from "../lab/process";
import { readable, type Shown } from "./readable";

export interface Outcome {
  code: number;
  /** What it printed, unless it printed to the terminal itself. */
  output: string;
}

/**
 * A stack of the program in the repository's Pulumi.yaml. Its state, its configuration and its Pulumi home lie in a folder
 * elsewhere: nothing is written into the checkout, and nothing of the user's Pulumi is read or changed.
 */
export class RootStack {
  private readonly environment: NodeJS.ProcessEnv;
  private readonly configFolder: string;

  private running: { child: ChildProcess; end: Promise<unknown> } | undefined;

  private constructor(
    readonly name: string,
    readonly folder: string,
    environment: NodeJS.ProcessEnv,
  ) {
    this.configFolder = join(folder, "config");
    const inherited = Object.entries(environment).filter(([name]) => !name.startsWith("PULUMI_"));
    this.environment = { ...Object.fromEntries(inherited), ...this.settings() };
  }

  static async create(
    name: string,
    folder: string,
    environment: NodeJS.ProcessEnv,
    config: Record<string, string | object>,
  ): Promise<RootStack> {
    const stack = new RootStack(name, folder, environment);
    for (const each of [stack.configFolder, join(folder, "state"), join(folder, "home")]) {
      mkdirSync(each, { recursive: true, mode: 0o700 });
    }
    // `stack init` writes the stack's configuration beside the Pulumi.yaml it finds.
    copyFileSync(join(repositoryRoot(), "Pulumi.yaml"), join(stack.configFolder, "Pulumi.yaml"));
    await stack.mustRun(["stack", "init", name], stack.configFolder);
    for (const [name, value] of Object.entries(config)) await stack.setConfig(name, value);
    return stack;
  }

  /** Objects are secrets: the connection is the only one. */
  async setConfig(name: string, value: string | object): Promise<void> {
    const secret = typeof value === "object";
    await this.mustRun([
      "config",
      "set",
      name,
      secret ? JSON.stringify(value) : value,
      ...(secret ? ["--secret"] : []),
    ]);
  }

  preview(shown: Shown, flags: string[] = []): Promise<Outcome> {
    return this.run(["preview", ...flags], shown);
  }

  up(shown: Shown): Promise<Outcome> {
    return this.run(["up", "--yes", "--skip-preview"], shown);
  }

  destroy(shown: Shown): Promise<Outcome> {
    return this.run(["destroy", "--yes", "--skip-preview"], shown);
  }

  /** A file for `.` of a shell, after which plain `pulumi` commands in the repository mean this stack. */
  writeSettings(): string {
    const file = join(this.folder, "environment");
    const lines = Object.entries(this.settings()).map(([name, value]) => `export ${name}='${value}'\n`);
    writeFileSync(file, lines.join(""));
    return file;
  }

  private settings(): Record<string, string> {
    return {
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_BACKEND_URL: pathToFileURL(join(this.folder, "state")).href,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_STACK: this.name,
      // The CLI takes any flag from the environment: as if each command said --config-file.
      PULUMI_OPTION_CONFIG_FILE: join(this.configFolder, `Pulumi.${this.name}.yaml`),
    };
  }

  private async mustRun(args: string[], directory?: string): Promise<void> {
    const { code, output } = await this.run(args, "nothing", directory);
    if (code !== 0) throw new Error(`pulumi ${args[0]} ${args[1]}: exit code ${code}\n${output.trimEnd()}`);
  }

  /** On a terminal the CLI draws its own picture; into a log it prints each message twice, and once is enough. */
  private async run(args: string[], shown: Shown, directory = repositoryRoot()): Promise<Outcome> {
    const onTerminal = shown !== "nothing" && process.stdout.isTTY === true;
    const quiet = ["preview", "up", "destroy"].includes(args[0]!) ? ["--suppress-progress"] : [];
    const flags = onTerminal ? [] : ["--non-interactive", "--color", "never", ...quiet];
    const child = spawn("pulumi", [...args, ...flags], {
      cwd: directory,
      env: this.environment,
      stdio: onTerminal ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
      createInterface(stream).on("line", (line) => {
        for (const each of readable(line, shown)) console.log(`  ${each}`.trimEnd());
      });
    }
    const end = new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => resolve(status ?? 130));
    });
    this.running = { child, end };
    try {
      return { code: await end, output };
    } finally {
      this.running = undefined;
    }
  }

  /**
   * Ends the command that runs, if one does, without waiting for the step it is at: at a second Ctrl-C the CLI gives up.
   * For a stack that nobody needs any more.
   */
  async stop(): Promise<void> {
    const running = this.running;
    if (!running) return;
    running.child.kill("SIGINT");
    await sleep(500);
    running.child.kill("SIGINT");
    const hard = setTimeout(() => running.child.kill("SIGKILL"), 5000);
    await running.end.catch(() => {});
    clearTimeout(hard);
  }
}
