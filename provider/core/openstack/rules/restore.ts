import type { Provider } from "../placement";

/** What placement said of a host before our first change; recorded in state, since nothing else remembers it. */
export interface FormerProvider {
  /** Null if the host had no memory in placement. */
  memoryRatio: number | null;
}

/** The way back in placement, and what it cannot do. */
export interface Restoration {
  /** Undefined leaves it as it is. */
  memoryRatio: number | undefined;
  /** To take off. */
  traits: string[];
  /** What stays, for the user. */
  left: string[];
}

/**
 * What a destroy puts back in placement once nova-compute runs without our lines; before that it would only report them
 * again. Nova has no way to unset a ratio (its option's help), and never takes off what `provider.yaml` once added.
 *
 * @param configuredRatio `[DEFAULT] ram_allocation_ratio` of the host as it is left, which Nova reports by itself.
 * @param added traits that this resource had put on the host.
 */
export function restoration(
  former: FormerProvider | undefined,
  configuredRatio: number | undefined,
  added: readonly string[],
  now: Provider | undefined,
): Restoration {
  const traits = added.filter((trait) => now?.traits.includes(trait));
  const nothing = { memoryRatio: undefined, traits, left: [] };
  const ratio = now?.memory?.allocationRatio;
  // Nova takes 0 for "not set" (nova/virt/driver.py, _get_allocation_ratios).
  const isReported = configuredRatio !== undefined && configuredRatio !== 0;
  if (ratio === undefined || isReported || ratio === former?.memoryRatio) return nothing;
  if (ratio !== 1) {
    const left = `somebody else set the allocation_ratio of MEMORY_MB in placement to ${ratio}: it stays`;
    return { ...nothing, left: [left] };
  }
  if (former?.memoryRatio === undefined || former.memoryRatio === null) {
    const command = `openstack resource provider inventory set ${now?.id} --amend --resource MEMORY_MB:allocation_ratio=RATIO`;
    const left = `placement keeps allocation_ratio 1 for MEMORY_MB, as what it was before is not known; to change it: ${command}`;
    return { ...nothing, left: [left] };
  }
  return { ...nothing, memoryRatio: former.memoryRatio };
}
