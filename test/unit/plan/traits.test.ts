import { strict as assert } from "node:assert";
import type { ObjectRecord } from "../../../provider/core/facts/journal";
import { RecordWrites, serialise } from "../../../provider/core/plan/recordWrites";
import { removeGoingTraits } from "../../../provider/core/plan/traits";
import { DescribedHost } from "../../support/plans/describedHost";

describe("traits that go after a restart", () => {
  const facts = new DescribedHost({}).facts();
  const policy = (traits: { name: string; set: boolean; going?: true }[]): ObjectRecord => ({
    version: 1,
    owner: "project/stack/pages",
    edits: [],
    pages: { pools: [], restricts: false, traits, madeFolders: ["/etc/nova/provider_config"] },
  });
  const kept = { name: "CUSTOM_NEW", set: true };
  const going = { name: "CUSTOM_OLD", set: true, going: true } as const;

  it("leave the record as the policy itself would write it, so that its next plan is empty", () => {
    const steps = removeGoingTraits(facts, policy([going, kept]), new RecordWrites(new Map()));
    const records = steps.flatMap((step) => (step.kind === "write-record" ? [step.content] : []));
    assert.deepEqual(records, [serialise(policy([kept]))]);
    assert.deepEqual(
      steps.flatMap((step) => (step.kind === "call" ? [`${step.call} ${step.args[0]}`] : [])),
      ["remove_trait CUSTOM_OLD"],
    );
  });
});
