import type { HostFacts } from "../facts/hostFacts";
import { parseInteger } from "../files/osloConfig";
import { noNovaCompute } from "../foreignFiles";
import type { Problem } from "../inputs/problem";
import type { MigrationProfile } from "../migration/traits";
import type { NovaConfig } from "../novaConfig";
import type { PlannedEffect } from "../session";
import { givenSizes } from "./givenPages";
import { offersOf } from "./pmemOffers";
import { offeredBy } from "./pmemOption";

export const postCopyOption = { section: "libvirt", option: "live_migration_permit_post_copy" } as const;

/** What oslo.config's BoolOpt takes for true; its default here is false. */
const trueWords = ["true", "1", "on", "yes"];

/** Nova's own answer to whether it may switch migrations to post-copy. */
export function permitsPostCopy(config: NovaConfig): boolean {
  const value = config.get(postCopyOption.section, postCopyOption.option)?.value ?? "";
  return trueWords.includes(value.toLowerCase());
}

/** The last of the resources before this one that decides something. */
function decided<Name extends keyof PlannedEffect>(planned: readonly PlannedEffect[], name: Name) {
  return planned.findLast((effect) => effect[name] !== undefined)?.[name];
}

/** Why it cannot be told where guests of a host can go; nothing if it can. */
export function notJudged(facts: HostFacts, config: NovaConfig): Problem[] {
  if (!facts.novaCompute) return [{ path: "", message: noNovaCompute(facts, "migration") }];
  if (config.failure)
    return [{ path: "", message: `nova-compute cannot read its configuration: ${config.failure}; mend that first` }];
  const { nova, libvirt, qemu } = facts.versions;
  const unknown = Object.entries({ Nova: nova, libvirt, QEMU: qemu }).flatMap(([name, found]) =>
    found === undefined ? [name] : [],
  );
  if (unknown.length === 0) return [];
  const message = `the version of ${unknown.join(" and ")} was not found on the host, and decides where guests can go; install it there first, or leave this host out`;
  return [{ path: "", message }];
}

/**
 * What decides where guests can go.
 *
 * @param config nova-compute's configuration as it will be.
 * @param planned what the resources before will do.
 * @returns undefined where a version that decides is not known.
 */
export function profileOf(
  facts: HostFacts,
  config: NovaConfig,
  planned: readonly PlannedEffect[] = [],
): MigrationProfile | undefined {
  const { nova, libvirt, qemu } = facts.versions;
  if (nova === undefined || libvirt === undefined || qemu === undefined) return undefined;
  const memory = parseInteger(config.get("libvirt", "file_backed_memory")?.value ?? "0");
  const memoryMb = decided(planned, "fileBackedMemoryMb") ?? (memory.ok ? (memory.value ?? 0) : 0);
  return {
    // Nova's own name of a host, where it is not that of the machine.
    host: config.get("DEFAULT", "host")?.value || facts.system.hostname,
    nova,
    libvirt,
    qemu,
    fileBacked: memoryMb > 0,
    basePageKib: facts.hugePages.basePageKib,
    pageSizes: decided(planned, "pageSizes") ?? givenSizes(facts.hugePages, config),
    pmem: decided(planned, "pmem") ?? offersOf(offeredBy(config), facts.pmem),
    postCopy: permitsPostCopy(config),
  };
}
