import assert from "node:assert/strict";
import { itInFullRuns } from "../support/sampled";
import { Project } from "./support/project";

/** A provider that is a constant text, as the real ones are, and touches nothing. */
const probe = `exports.handler = () => ({
  check: async (olds, news) => ({ inputs: news, failures: [] }),
  diff: async (id, olds, news) => ({ changes: olds.size !== news.size }),
  create: async (inputs) => ({ id: "probe-1", outs: { ...inputs, seen: inputs.size } }),
  update: async (id, olds, news) => ({ outs: { ...news, seen: news.size } }),
  read: async (id, props) => ({ id, props }),
  delete: async () => {},
})`;

function programWithSize(size: string): { javascript: string } {
  return {
    javascript: `
      const { CustomResource } = require("@pulumi/pulumi");
      const inputs = { size: ${JSON.stringify(size)}, seen: undefined, __provider: ${JSON.stringify(probe)} };
      const resource = new CustomResource("pulumi-nodejs:dynamic/hostmem:Probe", "probe", inputs);
      exports.seen = resource.seen;
    `,
  };
}

describe("the toolchain", () => {
  let project: Project;
  before(async () => {
    project = await Project.create({ program: programWithSize("1 GiB") });
  });
  after(() => project?.remove());

  itInFullRuns("previews a resource whose provider is a constant text", async () => {
    const { changes, steps } = await project.preview();
    assert.deepEqual(changes, { create: 2 });
    assert.deepEqual(operationsOn("probe", steps), ["create"]);
    assert.equal((await project.exportStack()).deployment.resources, undefined);
  });

  itInFullRuns("creates it and records what the provider returned", async () => {
    await project.up();
    const { resources = [] } = (await project.exportStack()).deployment;
    const resource = resources.find(({ type }) => type === "pulumi-nodejs:dynamic/hostmem:Probe");
    assert.equal(resource?.id, "probe-1");
    assert.equal(resource?.outputs?.["seen"], "1 GiB");
    assert.equal(resource?.inputs?.["__provider"], probe);
  });

  itInFullRuns("finds nothing to do in a second preview and in a refresh", async () => {
    const preview = await project.preview({ expectNoChanges: true });
    assert.deepEqual(preview.changes, { same: 2 });
    const refresh = await project.refresh({ expectNoChanges: true });
    assert.deepEqual(refresh.changes, { same: 2 });
  });

  itInFullRuns("updates it in place when an input changed, and fails where no change was expected", async () => {
    project.setProgram(programWithSize("2 GiB"));
    const refused = await project.preview({ expectNoChanges: true, mustSucceed: false });
    assert.notEqual(refused.code, 0);
    assert.match(refused.stdout + refused.stderr, /no changes were expected/);
    const { steps } = await project.up();
    assert.deepEqual(operationsOn("probe", steps), ["update"]);
    const step = steps.find(({ name }) => name === "probe");
    assert.deepEqual([step?.oldInputs["size"], step?.newInputs["size"]], ["1 GiB", "2 GiB"]);
  });

  itInFullRuns("destroys it", async () => {
    const { changes } = await project.destroy();
    assert.deepEqual(changes, { delete: 2 });
    assert.equal((await project.exportStack()).deployment.resources, undefined);
  });
});

function operationsOn(name: string, steps: { name: string; operation: string }[]): string[] {
  return steps.filter((step) => step.name === name).map((step) => step.operation);
}
