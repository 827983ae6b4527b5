import { strict as assert } from "node:assert";
import type { HostFacts } from "../../../provider/core/facts/hostFacts";
import { profileOf } from "../../../provider/core/kinds/liveMigrationTraits";
import { readNovaConfig } from "../../../provider/core/novaConfig";
import type { PlannedEffect } from "../../../provider/core/session";

/** What a resource announced to live migration is what its host has once the plan is done. */
export function assertAnnounced(effect: PlannedEffect | undefined, facts: HostFacts): void {
  const config = readNovaConfig(facts);
  const found = effect && profileOf(facts, config);
  if (!found) return;
  const announced = profileOf(facts, config, [effect])!;
  assert.deepEqual(announced, found, "what was announced to live migration");
}
