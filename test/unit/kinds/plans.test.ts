import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fixturesFolder, readFixtures } from "../../support/facts/fixture";
import { assertPlanCase, type PlanCase } from "../../support/plans/planCase";

for (const kind of readdirSync(join(fixturesFolder, "plans"))) {
  describe(`the plan of ${kind}`, () => {
    for (const { name, content } of readFixtures<PlanCase>("plans", kind)) {
      it(name, () => assertPlanCase(kind, content));
    }
  });
}
