import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { readPipelines } from "../support/pipelines/read";
import { sampled } from "../support/sampled";
import { repository } from "./support/project";

/** Like the real resources in what pipelines rely on: its host (a file) is read by check and diff, and its plan is an input. */
const probe = `exports.handler = () => {
  const fs = require("node:fs");
  const found = (file) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");
  const write = async ({ plan, ...inputs }) => { fs.writeFileSync(inputs.file, inputs.text); return inputs; };
  return {
    check: async (olds, news) => {
      const was = found(news.file);
      return { inputs: { ...news, plan: was === news.text ? [] : ["write " + news.text + ", was " + was] }, failures: [] };
    },
    diff: async (id, olds, news) => ({ changes: found(news.file) !== news.text }),
    create: async (inputs) => ({ id: "probe", outs: await write(inputs) }),
    update: async (id, olds, news) => ({ outs: await write(news) }),
    delete: async () => {},
  };
}`;

const secret = "a-word-that-nobody-may-read";

for (const pipeline of sampled("pipelines", readPipelines(), 1)) {
  describe(`examples/pipelines/${pipeline.file}`, function () {
    this.timeout(120_000);
    let top: string;
    let host: string;
    let environment: NodeJS.ProcessEnv;

    before(() => {
      mkdirSync(join(repository, "build", "tmp"), { recursive: true });
      top = mkdtempSync(join(repository, "build", "tmp", "pipeline-"));
      host = join(top, "host");
      for (const folder of ["program", "state", "home"]) mkdirSync(join(top, folder));
      const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
      environment = {
        ...Object.fromEntries(inherited),
        ...pipeline.environment,
        PULUMI_HOME: join(top, "home"),
        PULUMI_BACKEND_URL: pathToFileURL(join(top, "state")).href,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
      };
      const program = join(top, "program");
      writeFileSync(join(program, "Pulumi.yaml"), "name: pipeline\nruntime: nodejs\n");
      writeFileSync(join(program, "package.json"), '{ "name": "pipeline" }\n');
      declare("one");
      mustRun(`pulumi stack init ${environment["PULUMI_STACK"]}`, program);
      mustRun(`pulumi config set --secret password ${secret}`, program);
    });
    after(() => rmSync(top, { recursive: true, force: true }));

    function declare(text: string): void {
      const inputs = `{ file: ${JSON.stringify(host)}, text: "${text}", password, __provider: ${JSON.stringify(probe)} }`;
      writeFileSync(
        join(top, "program", "index.js"),
        `const pulumi = require("@pulumi/pulumi");
         const password = new pulumi.Config().requireSecret("password");
         new pulumi.CustomResource("pulumi-nodejs:dynamic/hostmem:Probe", "probe", ${inputs});\n`,
      );
    }

    function run(command: string, directory: string) {
      const done = spawnSync("sh", ["-c", command], {
        cwd: directory,
        env: environment,
        encoding: "utf8",
        timeout: 120_000,
      });
      return { code: done.status, output: done.stdout + done.stderr };
    }

    function mustRun(command: string, directory: string): void {
      const { code, output } = run(command, directory);
      assert.equal(code, 0, `${command}\n${output}`);
    }

    /** Runs a job's commands in a fresh checkout, with what earlier jobs left for it; nothing after a failure. */
    function job(commands: readonly string[], artifacts: readonly string[] = []) {
      const checkout = mkdtempSync(join(top, "checkout-"));
      cpSync(join(top, "program"), checkout, { recursive: true });
      for (const file of artifacts) cpSync(file, join(checkout, basename(file)));
      let last = { code: 0 as number | null, output: "" };
      for (const command of commands) {
        last = run(command, checkout);
        if (last.code !== 0) break;
      }
      return { ...last, artifacts: pipeline.artifacts.map((file) => join(checkout, file)) };
    }

    const onHost = () => (existsSync(host) ? readFileSync(host, "utf8") : undefined);

    it("installs the program's packages before everything else, from the lock file", () => {
      assert.deepEqual(pipeline.install, ["npm ci"]);
    });

    it("previews into a saved plan that holds no secret in clear, and changes nothing", () => {
      const { code, output, artifacts } = job(pipeline.preview);
      assert.equal(code, 0, output);
      assert.match(output, /1 to create|2 to create/);
      assert.equal(onHost(), undefined);
      assert.equal(artifacts.length, 1);
      assert.ok(!readFileSync(artifacts[0]!, "utf8").includes(secret));
    });

    it("applies the plan that was saved", () => {
      const { artifacts } = job(pipeline.preview);
      const { code, output } = job(pipeline.apply, artifacts);
      assert.equal(code, 0, output);
      assert.equal(onHost(), "one");
    });

    it("finds no drift after that, and fails once the host is changed by hand", () => {
      assert.equal(job(pipeline.drift).code, 0);
      writeFileSync(host, "by hand");
      const { code, output } = job(pipeline.drift);
      assert.notEqual(code, 0);
      assert.match(output, /no changes were expected/);
      assert.equal(onHost(), "by hand");
    });

    it("does not apply a plan to a host that has moved since its preview", () => {
      declare("two");
      const { code, artifacts } = job(pipeline.preview);
      assert.equal(code, 0);
      writeFileSync(host, "moved");
      const applied = job(pipeline.apply, artifacts);
      assert.notEqual(applied.code, 0);
      assert.match(applied.output, /violates plan/);
      assert.equal(onHost(), "moved");
    });
  });
}
