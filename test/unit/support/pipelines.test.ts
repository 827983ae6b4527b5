import { strict as assert } from "node:assert";
import { readGitHubWorkflow } from "../../support/pipelines/read";

// In a concurrency group of GitHub one run or job may wait; the next one that comes cancels it.
describe("the ready file for GitHub Actions", () => {
  const workflow = readGitHubWorkflow();
  const jobs = Object.entries(workflow.jobs);
  const runs = (command: string) =>
    jobs.flatMap(([name, job]) => (job.steps.some((step) => step.run?.startsWith(command)) ? [name] : []));

  it("lets nothing that waits for approval be cancelled by another run", () => {
    assert.equal(workflow.concurrency, undefined);
    const approvals = jobs.filter(([, job]) => job.environment !== undefined);
    assert.equal(approvals.length, 1);
    for (const [name, job] of approvals) assert.equal(job.concurrency, undefined, name);
  });

  it("applies only what was approved, one after the other, and cancels no apply that runs", () => {
    assert.deepEqual(runs("pulumi up"), ["apply"]);
    const { needs, concurrency } = workflow.jobs["apply"]!;
    assert.equal(workflow.jobs[needs!]?.environment, "production");
    // The short form is a group without cancel-in-progress.
    assert.equal(typeof concurrency, "string");
  });

  it("lets no preview wait, nor take the place of an apply that does", () => {
    assert.deepEqual(runs("pulumi preview"), ["preview", "drift"]);
    for (const name of runs("pulumi preview")) assert.equal(workflow.jobs[name]?.concurrency, undefined, name);
  });
});
