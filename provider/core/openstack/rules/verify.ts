import semver from "semver";
import type { Provider } from "../placement";

/** What placement must say of a host once its nova-compute runs with file-backed memory. */
export interface ExpectedMemory {
  memoryMb: number;
  reservedMb: number;
  /** Of the nova-compute on the host; undefined if it is not known. */
  novaVersion: string | undefined;
}

/** The trait by which guests with shares of Manila find their hosts. */
export const fileBackedTrait = "COMPUTE_MEM_BACKING_FILE";

/** nova/virt/driver.py: reported from 2025.1 on. */
const traitSince = "31.0.0";

/**
 * What placement does not say as it should; empty once it does. nova-compute reports within seconds of its start, and
 * once a minute after.
 */
export function unmet(expected: ExpectedMemory, provider: Provider | undefined): string[] {
  const memory = provider?.memory;
  if (!memory) return ["placement has no MEMORY_MB of this host"];
  const numbers = [
    { what: "MEMORY_MB", is: memory.total, must: expected.memoryMb },
    { what: "the allocation_ratio of MEMORY_MB", is: memory.allocationRatio, must: 1 },
    { what: "the reserved part of MEMORY_MB", is: memory.reserved, must: expected.reservedMb },
  ];
  const wrong = numbers.filter(({ is, must }) => is !== must);
  const sentences = wrong.map(({ what, is, must }) => `${what} is ${is} in placement, and must be ${must}`);
  const hasTrait = provider.traits.includes(fileBackedTrait);
  if (!hasTrait && expected.novaVersion !== undefined && semver.gte(expected.novaVersion, traitSince))
    sentences.push(`the host has no trait ${fileBackedTrait} in placement`);
  return sentences;
}
