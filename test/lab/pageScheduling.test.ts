import { strict as assert } from "node:assert";
import type { SchedulerRules } from "../../sdk/nodejs";
import { retryFor } from "../support/lab/process";
import { sampled } from "../support/sampled";
import { errorsOf, hostLines } from "./support/labStack";
import { pagedHost } from "./support/pagedHost";
import { programOf } from "./support/programs";
import { configureScheduler } from "./support/scheduler";

describe("PageSizePolicy and the scheduler of a real Nova", function () {
  this.timeout(600_000);
  const on = pagedHost();
  const drawable: { name: string; prove: () => Promise<void> }[] = [];
  const sometimes = (name: string, prove: () => Promise<void>) => drawable.push({ name, prove });

  sometimes("tells the scheduler's rules that keep out the guests which the host alone does not", async () => {
    on.declare({ allowed: "large", pools: [{ size: "2 MiB", node: 0, count: 12 }], trait: "CUSTOM_LARGE_PAGES" });
    await on.stack.up();
    const outputs = await on.stack.outputsOf("PageSizePolicy");
    const rules = outputs?.["schedulerRules"] as SchedulerRules;
    const without: Record<string, Record<string, string>> = { ordinary: {}, withNodes: { "hw:numa_nodes": "1" } };
    for (const specs of Object.values(without)) assert.equal(await on.guest(specs), "ordinary");

    on.undo.push(await on.host.cloud.inAggregate("large-pages", rules.aggregateMetadata));
    const restore = await configureScheduler(on.host, rules);
    on.undo.push(restore);
    await retryFor(60, "the trait", async () =>
      assert.ok((await on.host.cloud.placementTraits()).includes("CUSTOM_LARGE_PAGES")),
    );
    await on.promises("large, with the scheduler's rules", [
      ...Object.values(without).map((specs): [Record<string, string>, string] => [specs, "ERROR"]),
      [rules.flavorExtraSpecs, "2048"],
    ]);
    assert.match(rules.remarks.join(), /whoever may set trait:CUSTOM_LARGE_PAGES on an image gets in/);
  });

  for (const traitBy of ["provider-config", "placement"]) {
    sometimes(`gives the host a trait by ${traitBy}, and takes it from placement again`, async () => {
      const has = async (trait: string) => (await on.host.cloud.placementTraits()).includes(trait);
      on.declare({ trait: "CUSTOM_SMALL_PAGES", traitBy });
      await on.stack.up();
      await retryFor(60, "the trait", async () => assert.ok(await has("CUSTOM_SMALL_PAGES")));
      await on.stack.preview({ expectNoChanges: true });
      on.declare({ trait: "CUSTOM_OTHER_PAGES", traitBy });
      await on.stack.up();
      await retryFor(60, "the other trait", async () => assert.ok(await has("CUSTOM_OTHER_PAGES")));
      assert.equal(await has("CUSTOM_SMALL_PAGES"), false);
      await on.stack.destroy();
      assert.equal(await has("CUSTOM_OTHER_PAGES"), false);
    });
  }

  sometimes("exchanges a trait with a restart that a ServiceActivation brings about", async () => {
    const has = async (trait: string) => (await on.host.cloud.placementTraits()).includes(trait);
    const declare = (trait: string) =>
      on.stack.project.setProgram(programOf({ pages: { trait, activation: "deferred" }, activation: {} }));
    declare("CUSTOM_SMALL_PAGES");
    await on.stack.up();
    await retryFor(60, "the trait", async () => assert.ok(await has("CUSTOM_SMALL_PAGES")));
    declare("CUSTOM_OTHER_PAGES");
    const lines = hostLines(await on.stack.preview());
    assert.deepEqual(lines.slice(-2), ["restart nova-compute", "remove the trait CUSTOM_SMALL_PAGES from placement"]);
    await on.stack.up();
    // Once Nova has told placement of the new one, it would have told it of the old one again.
    await retryFor(60, "the other trait", async () => assert.ok(await has("CUSTOM_OTHER_PAGES")));
    assert.equal(await has("CUSTOM_SMALL_PAGES"), false);
    await on.stack.preview({ expectNoChanges: true });
  });

  sometimes("does not stand in Nova's way with a second entry for the compute node", async () => {
    const entry =
      "meta: {schema_version: '1.0'}\nproviders: [{identification: {uuid: $COMPUTE_NODE}, traits: {additional: [CUSTOM_SITE]}}]\n";
    await on.host.succeed("mkdir /etc/nova/provider_config");
    on.undo.push(() => on.host.succeed("rm -r /etc/nova/provider_config"));
    await on.host.writeFile("/etc/nova/provider_config/site.yaml", entry);
    on.declare({ trait: "CUSTOM_SMALL_PAGES" });
    assert.match(
      errorsOf(await on.stack.failingPreview()),
      /site\.yaml, which has an entry for \$COMPUTE_NODE already/,
    );
    on.declare({});
  });

  for (const { name, prove } of sampled("page sizes and the scheduler", drawable, 1)) it(name, prove);
});
