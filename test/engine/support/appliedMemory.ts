import { strict as assert } from "node:assert";
import { kinds } from "../../../provider/core/kinds";
import { fileBackedMemoryConfig } from "../../../provider/core/kinds/fileBackedMemoryConfig";
import type { Plan } from "../../../provider/core/plan/step";
import { readArgs } from "../../support/plans/planCase";
import { Sandbox } from "../../support/sandbox/sandbox";

export const novaConf = "/etc/nova/nova.conf";
export const qemuConf = "/etc/libvirt/qemu.conf";
export const record = "/var/lib/hostmem/objects/FileBackedMemoryConfig.json";
export const pending = "/var/lib/hostmem/pending.json";
export const hostId = "/var/lib/hostmem/host-id";
/** With bytes beyond ASCII, CRLF, and a last line without an end. */
export const original =
  "[DEFAULT]\r\n# d\xc3\xa9j\xc3\xa0\r\nstate_path = /var/lib/nova\r\n[libvirt]\r\ncpu_mode = none";
const files = [novaConf, "/etc/nova/nova-compute.conf", qemuConf];
export const kind = kinds.get(fileBackedMemoryConfig.name)!;

export function prepared(shell?: readonly string[]): Sandbox {
  const sandbox = new Sandbox(shell);
  sandbox.write(novaConf, original, 0o640);
  sandbox.write("/etc/nova/nova-compute.conf", "[libvirt]\nvirt_type = kvm\n");
  sandbox.write(qemuConf, "# comment\n", 0o600);
  return sandbox;
}

export function planFor(sandbox: Sandbox, declared: Record<string, unknown> | "removed"): Plan {
  const facts = sandbox.host(files).facts();
  const args = readArgs(kind, declared === "removed" ? { capacity: "1 GiB" } : declared);
  const made =
    declared === "removed" ? kind.undo(args, facts) : kind.evaluate(args, facts, { recorded: undefined, planned: [] });
  assert.deepEqual(made.problems, []);
  return made.plan;
}

export function apply(sandbox: Sandbox, declared: Record<string, unknown> | "removed") {
  return sandbox.apply(planFor(sandbox, declared));
}

export const one = { capacity: "1 GiB", activation: "deferred" };
export const changed =
  "[DEFAULT]\r\nreserved_host_memory_mb = 0\r\nram_allocation_ratio = 1.0\r\n# d\xc3\xa9j\xc3\xa0\r\n" +
  "state_path = /var/lib/nova\r\n[libvirt]\r\nfile_backed_memory = 1024\r\ncpu_mode = none";
