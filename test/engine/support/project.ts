import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type CliOutcome, runCli } from "./cli";
import { type EngineEvents, readEvents } from "./events";

/** The repository, seen from the compiled file in build/test/engine/support. */
export const repository = resolve(__dirname, "..", "..", "..", "..");

/** What the stack runs: the text of a JavaScript program, or a folder such as examples/backing-store with an index.ts. */
export type Program = { javascript: string } | { folder: string };

export interface ProjectOptions {
  program: Program;
  /** Pulumi's project name, which is part of every URN. */
  name?: string;
  stack?: string;
  /** More environment for all commands, and through them for the program and the plugin. */
  environment?: NodeJS.ProcessEnv;
}

export interface OperationOptions {
  /** Throw if the command fails (the default); a test of a failure says false and looks at the result. */
  mustSucceed?: boolean;
  timeoutSeconds?: number;
  /** Resource names or URNs. */
  target?: string[];
  expectNoChanges?: boolean;
  diff?: boolean;
  parallel?: number;
  environment?: NodeJS.ProcessEnv;
  /** Anything else, word by word. */
  flags?: string[];
  /** For standard input, which is empty otherwise. */
  input?: string;
}

/** A command's outcome together with the engine's account of it. */
export interface OperationResult extends CliOutcome, EngineEvents {}

const DEFAULT_TIMEOUT_SECONDS = 180;
const temporaryFolder = join(repository, "build", "tmp");

/**
 * A Pulumi project with one stack, on an own file backend and with an own Pulumi home: nothing of the user's is read or changed.
 * It lies below the repository, because both the program and the plugin look for packages upward from their working directory.
 */
export class Project {
  private constructor(
    readonly directory: string,
    readonly name: string,
    readonly stack: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async create(options: ProjectOptions): Promise<Project> {
    const { name = "hostmem-test", stack = "test" } = options;
    mkdirSync(temporaryFolder, { recursive: true });
    const top = mkdtempSync(join(temporaryFolder, "project-"));
    const directory = join(top, "program");
    for (const folder of [directory, join(top, "state"), join(top, "home")]) mkdirSync(folder);
    const project = new Project(directory, name, stack, { ...environmentFor(top), ...options.environment });
    try {
      project.setProgram(options.program);
      await project.command(["stack", "init", stack]);
      return project;
    } catch (error) {
      project.remove();
      throw error;
    }
  }

  /** Replaces the program, as a user does between two updates. The stack's configuration stays. */
  setProgram(program: Program): void {
    const settings = join(this.directory, `Pulumi.${this.stack}.yaml`);
    const configuration = existsSync(settings) ? readFileSync(settings) : undefined;
    rmSync(this.directory, { recursive: true });
    if ("folder" in program) {
      cpSync(resolve(repository, program.folder), this.directory, {
        recursive: true,
        filter: (source) => !/\/node_modules$|\/Pulumi\.[^/]+\.yaml$/.test(source),
      });
    } else {
      mkdirSync(this.directory);
      writeFileSync(join(this.directory, "index.js"), program.javascript);
    }
    const typescript = "folder" in program;
    writeFileSync(
      join(this.directory, "Pulumi.yaml"),
      `name: ${this.name}\nruntime:\n  name: nodejs\n  options:\n    typescript: ${typescript}\n`,
    );
    // The language host wants one beside the program; without dependencies, so that none is looked for there.
    const packageFile = join(this.directory, "package.json");
    if (!existsSync(packageFile)) writeFileSync(packageFile, `{ "name": "${this.name}" }\n`);
    if (configuration) writeFileSync(settings, configuration);
  }

  /** `planFile`: where to save the plan for a later `up`. */
  preview(options: OperationOptions & { planFile?: string } = {}): Promise<OperationResult> {
    return this.operation("preview", options.planFile ? [`--save-plan=${options.planFile}`] : [], options);
  }

  /** `planFile`: a plan that a preview saved, to which the update is held. */
  up(options: OperationOptions & { planFile?: string } = {}): Promise<OperationResult> {
    const plan = options.planFile ? [`--plan=${options.planFile}`] : [];
    return this.operation("up", ["--yes", "--skip-preview", ...plan], options);
  }

  refresh(options: OperationOptions = {}): Promise<OperationResult> {
    return this.operation("refresh", ["--yes", "--skip-preview"], options);
  }

  destroy(options: OperationOptions = {}): Promise<OperationResult> {
    return this.operation("destroy", ["--yes", "--skip-preview"], options);
  }

  async setConfig(key: string, value: string, kind: "plain" | "secret" = "plain"): Promise<void> {
    // A secret goes by standard input, so that whoever looks at processes finds none but leaks.
    if (kind === "secret") await this.command(["config", "set", key, "--secret"], { input: value });
    else await this.command(["config", "set", key, value, "--plaintext"]);
  }

  /** The stack's state as Pulumi exports it, secrets still encrypted. */
  async exportStack(): Promise<StackExport> {
    return JSON.parse((await this.command(["stack", "export"])).stdout) as StackExport;
  }

  async importStack(state: StackExport): Promise<void> {
    const file = join(this.directory, "..", "import.json");
    writeFileSync(file, JSON.stringify(state));
    await this.command(["stack", "import", "--file", file]);
  }

  /** Any other command of the CLI, e.g. `["cancel"]`. */
  async command(args: string[], options: OperationOptions = {}): Promise<CliOutcome> {
    const outcome = await runCli([...args, ...(options.flags ?? [])], {
      directory: this.directory,
      environment: { ...this.environment, ...options.environment },
      timeoutSeconds: options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
      ...(options.input === undefined ? {} : { input: options.input }),
    });
    if (outcome.code !== 0 && options.mustSucceed !== false) {
      throw new Error(`pulumi ${args.join(" ")}: exit code ${outcome.code}\n${outcome.stdout}${outcome.stderr}`);
    }
    return outcome;
  }

  /** Removes program, state and all. What the stack still holds elsewhere is the test's to destroy before. */
  remove(): void {
    rmSync(join(this.directory, ".."), { recursive: true, force: true });
  }

  private async operation(verb: string, args: string[], options: OperationOptions): Promise<OperationResult> {
    const events = join(this.directory, "..", "events.jsonl");
    rmSync(events, { force: true });
    const targets = (options.target ?? []).map(
      (target) => `--target=${target.includes("::") ? target : `**::${target}`}`,
    );
    const outcome = await this.command([verb, ...args, ...targets, ...commonFlags(options), "--event-log", events], {
      ...options,
      // The engine's event log is a flag for tools such as this one, hidden until asked for.
      environment: { PULUMI_DEBUG_COMMANDS: "true", ...options.environment },
    });
    return { ...outcome, ...readEvents(events) };
  }
}

/** The parts of `pulumi stack export` that tests look at. */
export interface StackExport {
  version: number;
  deployment: {
    resources?: ExportedResource[];
    pending_operations?: { type: string; resource: ExportedResource }[];
  };
}

export interface ExportedResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

function commonFlags(options: OperationOptions): string[] {
  return [
    ...(options.expectNoChanges ? ["--expect-no-changes"] : []),
    ...(options.diff ? ["--diff"] : []),
    ...(options.parallel ? [`--parallel=${options.parallel}`] : []),
  ];
}

/** Of the caller's Pulumi settings none may leak in: an access token or a chosen stack would change what is tested. */
function environmentFor(top: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
  return {
    ...Object.fromEntries(inherited),
    PULUMI_HOME: join(top, "home"),
    PULUMI_BACKEND_URL: pathToFileURL(join(top, "state")).href,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Every command starts Node several times, and most of what it loads is the same.
    NODE_COMPILE_CACHE: join(temporaryFolder, "compile-cache"),
  };
}
