import type { HostFacts } from "../facts/hostFacts";
import { sha256 } from "../facts/hostFile";
import type { PendingRecord } from "../facts/journal";
import { bytesOf } from "../files/bytes";
import { pendingPath } from "../host/paths";
import { serialise } from "./recordWrites";
import type { ActivateStep, Plan, Step } from "./step";

/**
 * Goes back behind a restart that has succeeded, for a reason that shows only later: by the way that the restart itself had
 * prepared, and with the note of it on the host first, as for any other restart.
 *
 * @param facts from after that restart.
 */
export function planTakeBack(facts: HostFacts, { rollback, afterRollback, ...activation }: ActivateStep): Plan {
  const services = activation.restarts.map(({ service }) => service);
  const note: PendingRecord = { version: 1, services, reasons: activation.reasons, edits: [] };
  const restart: ActivateStep = {
    ...activation,
    health: { ...activation.health, expectedMemoryMb: activation.rollbackMemoryMb },
    rollback: [],
    afterRollback: [],
  };
  const steps: Step[] = [
    { kind: "write-record", path: pendingPath, before: undefined, content: serialise(note) },
    ...rollback,
    restart,
    ...afterRollback,
  ];
  return { steps: following(facts, steps), warnings: [] };
}

/** With records as they are found: within a rollback nobody asks what was there. */
function following({ journal }: HostFacts, steps: readonly Step[]): Step[] {
  const hashes = new Map(journal.hashes);
  return steps.map((step) => {
    if (step.kind !== "write-record") return step;
    const before = hashes.get(step.path);
    if (step.content === undefined) hashes.delete(step.path);
    else hashes.set(step.path, sha256(bytesOf(step.content)));
    return { ...step, before };
  });
}
