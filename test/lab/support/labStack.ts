import { join } from "node:path";
import { readEvents } from "../../engine/support/events";
import { type OperationOptions, type OperationResult, type Program, Project } from "../../engine/support/project";
import type { LabHost } from "../../support/lab/labHost";

/**
 * Seconds for one command of the CLI, when nothing is meant to be slow, by the kind of host. A hang must not look like a
 * slow host, and an emulated one is some twenty times slower.
 */
const commandSeconds = { light: 120, nova: 120, vm: 900 };

export interface LabStackOptions {
  program: Program;
  /** Configuration beside the connection. */
  config?: Record<string, string>;
  /** Default: the host's own login. Set as a secret. */
  connection?: Record<string, unknown>;
  environment?: NodeJS.ProcessEnv;
  /** Names of the Pulumi project and its stack. */
  name?: string;
  stack?: string;
}

/** A Pulumi stack for one lab host, run by the real CLI, which remembers all that the CLI ever printed. */
export class LabStack {
  /** Every word of every command's output, for finding what must not be there. */
  readonly printed: string[] = [];

  private constructor(
    readonly project: Project,
    private readonly seconds: number,
  ) {}

  static async create(host: LabHost, options: LabStackOptions): Promise<LabStack> {
    const project = await Project.create({
      program: options.program,
      ...(options.environment ? { environment: options.environment } : {}),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.stack === undefined ? {} : { stack: options.stack }),
    });
    const stack = new LabStack(project, commandSeconds[host.kind]);
    await stack.connect(options.connection ?? loginOf(host));
    for (const [key, value] of Object.entries(options.config ?? {})) await project.setConfig(key, value);
    return stack;
  }

  connect(connection: Record<string, unknown>): Promise<void> {
    return this.project.setConfig("connection", JSON.stringify(connection), "secret");
  }

  preview(options: OperationOptions & { planFile?: string } = {}): Promise<OperationResult> {
    return this.remember(this.project.preview(this.bounded(options)));
  }

  up(options: OperationOptions & { planFile?: string } = {}): Promise<OperationResult> {
    return this.remember(this.project.up(this.bounded(options)));
  }

  /** An update that must fail; what it printed is the result. */
  async failingUp(options: OperationOptions & { planFile?: string } = {}): Promise<OperationResult> {
    return mustFail(await this.up({ ...options, mustSucceed: false }));
  }

  /** A preview that must fail. */
  async failingPreview(options: OperationOptions = {}): Promise<OperationResult> {
    return mustFail(await this.preview({ ...options, mustSucceed: false }));
  }

  refresh(options: OperationOptions = {}): Promise<OperationResult> {
    return this.remember(this.project.refresh(this.bounded(options)));
  }

  /** What a refresh would find, without recording it. */
  async previewRefresh(options: OperationOptions = {}): Promise<OperationResult> {
    const events = join(this.project.directory, "..", "refresh.jsonl");
    const flags = options.expectNoChanges ? ["--expect-no-changes"] : [];
    const command = ["refresh", "--preview-only", ...flags, "--event-log", events];
    const environment = { PULUMI_DEBUG_COMMANDS: "true", ...options.environment };
    const outcome = await this.project.command(command, this.bounded({ ...options, environment }));
    return this.remember(Promise.resolve({ ...outcome, ...readEvents(events) }));
  }

  destroy(options: OperationOptions = {}): Promise<OperationResult> {
    return this.remember(this.project.destroy(this.bounded(options)));
  }

  /** What the state records of a resource, secrets still encrypted. */
  async outputsOf(type: string): Promise<Record<string, unknown> | undefined> {
    const { deployment } = await this.project.exportStack();
    return deployment.resources?.find((resource) => resource.type.endsWith(`:${type}`))?.outputs;
  }

  remove(): void {
    this.project.remove();
  }

  private bounded<T extends OperationOptions>(options: T): T {
    return { ...options, timeoutSeconds: options.timeoutSeconds ?? this.seconds };
  }

  private async remember(running: Promise<OperationResult>): Promise<OperationResult> {
    const result = await running;
    this.printed.push(result.stdout, result.stderr, JSON.stringify(result.diagnostics));
    return result;
  }
}

/** The login that a lab host was made with, its key as text and its host key pinned. */
export function loginOf(host: LabHost): Record<string, unknown> {
  const { host: address, user, privateKey, hostKey } = host.connection;
  return { host: address, user, privateKey, hostKey };
}

/**
 * The lines that a command said about hosts, without the host's name: the steps of a plan, and what an update reports
 * of its progress. Warnings are left out.
 */
export function hostLines(result: OperationResult): string[] {
  return allHostLines(result).filter((line) => !line.startsWith("warning: "));
}

/** Warnings about hosts. */
export function hostWarnings(result: OperationResult): string[] {
  return allHostLines(result)
    .filter((line) => line.startsWith("warning: "))
    .map((line) => line.slice("warning: ".length));
}

function allHostLines(result: OperationResult): string[] {
  return result.diagnostics
    .filter((diagnostic) => diagnostic.severity.startsWith("info"))
    .flatMap((diagnostic) => diagnostic.message.split("\n"))
    .flatMap((line) => /^\[[^\]]+\] (.*)$/.exec(line.trim())?.[1] ?? []);
}

/** The errors that a command ended with, as one text. */
export function errorsOf(result: OperationResult): string {
  return result.diagnostics
    .filter((diagnostic) => diagnostic.severity === "error")
    .map((diagnostic) => diagnostic.message)
    .join("\n");
}

/** What the engine does with each of our resources, by kind: `{ FileBackedMemoryConfig: "update" }`. */
export function operationsOf(result: OperationResult): Record<string, string> {
  const ours = result.steps.filter((step) => step.type.includes("/hostmem:"));
  return Object.fromEntries(ours.map((step) => [step.type.split(":").at(-1)!, step.operation]));
}

function mustFail(result: OperationResult): OperationResult {
  if (result.code === 0) throw new Error(`it must fail, and did not:\n${result.stdout}${result.stderr}`);
  return result;
}
