import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { kinds } from "../../../provider/core/kinds";
import type { Evaluation } from "../../../provider/core/kinds/kind";
import { HostSession } from "../../../provider/core/session";
import { create } from "../../../provider/lifecycle";
import { DescribedHost } from "../../support/plans/describedHost";

describe("an apply", () => {
  afterEach(() => mock.restoreAll());

  it("fails with what is wrong with the host right after it, although that leaves no plan", async () => {
    mock.method(HostSession.prototype, "facts", async () => new DescribedHost({}).facts());
    const fine: Evaluation = {
      problems: [],
      plan: { steps: [], warnings: [] },
      computed: {},
      observed: {},
      exists: true,
      effect: undefined,
    };
    const broken = { ...fine, problems: [{ path: "mountPoint", message: "is gone" }] };
    const evaluations = [fine, broken];
    const kind = { ...kinds.get("BackingStore")!, evaluate: () => evaluations.shift() ?? broken };
    const inputs = { owner: "a/b/c", connection: { host: "localhost", transport: "local" }, become: "none" };
    await assert.rejects(create(kind, inputs), /right after the apply; mountPoint: is gone/);
  });
});
