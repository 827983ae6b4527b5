import type { HostFacts } from "../facts/hostFacts";
import { readNovaConfig } from "../novaConfig";
import type { ExpectedMemory } from "../openstack/rules/verify";
import { isRunning } from "../plan/pendingNote";
import { observe } from "./fileBackedMemoryOptions";

/**
 * What placement must say of a host as its files are; undefined where nobody says so: the host's memory is not ours, a restart
 * is still to come, or nova-compute does not run.
 */
export function memoryInPlacement(facts: HostFacts): ExpectedMemory | undefined {
  const { journal, novaCompute, versions } = facts;
  const isOurs = journal.objects.has("FileBackedMemoryConfig") && journal.pending === undefined;
  if (!isOurs || !novaCompute || !isRunning(novaCompute.unit)) return undefined;
  const { memoryMb, reservedHostMemoryMb: reservedMb } = observe(facts, readNovaConfig(facts));
  return memoryMb > 0 ? { memoryMb, reservedMb, novaVersion: versions.nova } : undefined;
}

/** `[DEFAULT] ram_allocation_ratio`, which Nova reports by itself; undefined where nothing sets it. */
export function configuredRatio(facts: HostFacts): number | undefined {
  return observe(facts, readNovaConfig(facts)).ramAllocationRatio;
}
