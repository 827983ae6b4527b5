import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { repositoryRoot } from "../lab/places";

/** What a ready pipeline file runs, by what it is for. */
export interface Pipeline {
  file: string;
  /** Of the variables, those that are no secrets. */
  environment: Record<string, string>;
  install: string[];
  preview: string[];
  apply: string[];
  drift: string[];
  /** Files that the preview hands on to the apply. */
  artifacts: string[];
}

// The YAML parser of the Pulumi SDK: no dependency of our own for three files.
const { load } = createRequire(require.resolve("@pulumi/pulumi/package.json"))("js-yaml") as {
  load: (text: string) => unknown;
};

function readYaml<T>(file: string): T {
  return load(readFileSync(join(repositoryRoot(), "examples", "pipelines", file), "utf8")) as T;
}

export function readPipelines(): Pipeline[] {
  return [readGitHub("github-actions.yml"), readGitLab("gitlab-ci.yml"), readZuul("zuul/playbook.yaml")];
}

interface GitHubStep {
  name?: string;
  run?: string;
  uses?: string;
  with?: Record<string, string>;
}

interface GitHubJob {
  steps: GitHubStep[];
  needs?: string;
  environment?: string;
  concurrency?: unknown;
}

interface GitHubWorkflow {
  env: Record<string, string>;
  concurrency?: unknown;
  jobs: Record<string, GitHubJob>;
}

/** The whole file, for what is GitHub's alone. */
export function readGitHubWorkflow(): GitHubWorkflow {
  return readYaml<GitHubWorkflow>("github-actions.yml");
}

function readGitHub(file: string): Pipeline {
  const { env, jobs } = readYaml<GitHubWorkflow>(file);
  const commands = (job: string) => (jobs[job]?.steps ?? []).flatMap((step) => step.run ?? []);
  const uploads = jobs["preview"]!.steps.filter((step) => step.uses?.startsWith("actions/upload-artifact@"));
  return {
    file,
    environment: withoutSecrets(env),
    ...byPurpose(commands),
    artifacts: uploads.map((step) => step.with!["path"]!),
  };
}

interface GitLabJob {
  script: string[];
  artifacts?: { paths: string[] };
}

function readGitLab(file: string): Pipeline {
  const content = readYaml<{ variables: Record<string, string>; default: { before_script: string[] } }>(file);
  const jobs = content as unknown as Record<string, GitLabJob>;
  return {
    file,
    environment: content.variables,
    ...byPurpose((job) => [...content.default.before_script, ...(jobs[job]?.script ?? [])]),
    artifacts: jobs["preview"]!.artifacts!.paths,
  };
}

interface ZuulTask {
  when?: string;
  "ansible.builtin.command"?: { cmd: string; chdir: string };
  "ansible.builtin.fetch"?: { src: string };
}

function readZuul(file: string): Pipeline {
  const [play] = readYaml<[{ environment: Record<string, string>; tasks: ZuulTask[] }]>(file);
  const of = (job: string) =>
    play.tasks.filter((task) => task.when === undefined || task.when === `guest_memory_action == "${job}"`);
  return {
    file,
    environment: withoutSecrets(play.environment),
    ...byPurpose((job) => of(job).flatMap((task) => task["ansible.builtin.command"]?.cmd ?? [])),
    artifacts: of("preview").flatMap((task) => {
      const fetched = task["ansible.builtin.fetch"];
      return fetched ? [basename(fetched.src)] : [];
    }),
  };
}

/** Every job begins with the installation, which needs a package registry and is not what these files are about. */
function byPurpose(commandsOf: (job: string) => string[]): Pick<Pipeline, "install" | "preview" | "apply" | "drift"> {
  const [preview, apply, drift] = ["preview", "apply", "drift"].map(commandsOf) as [string[], string[], string[]];
  const install = [...new Set([preview[0]!, apply[0]!, drift[0]!])];
  return { install, preview: preview.slice(1), apply: apply.slice(1), drift: drift.slice(1) };
}

/** What a pipeline's own language puts together is a secret here. */
function withoutSecrets(environment: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => !value.includes("{{")));
}
