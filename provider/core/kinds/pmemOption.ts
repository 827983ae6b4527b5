import { parseList } from "../files/osloConfig";
import type { NovaConfig } from "../novaConfig";

/** One namespace as `[libvirt] pmem_namespaces` has it. */
export interface OfferedNamespace {
  label: string;
  name: string;
}

export const pmemOption = { section: "libvirt", option: "pmem_namespaces" } as const;

/** The resource class that Nova reports a label as: `normalize_name` of os_resource_classes. */
export function resourceClassOf(label: string): string {
  return `CUSTOM_${`PMEM_NAMESPACE_${label}`.replace(/[^0-9A-Za-z]+/g, "_").toUpperCase()}`;
}

/** `LABEL:NAME|NAME,LABEL:NAME`, labels in the order in which they first come. */
export function formatOption(offered: readonly OfferedNamespace[]): string {
  const labels = [...new Set(offered.map(({ label }) => label))];
  const namesOf = (label: string) => offered.filter((each) => each.label === label).map(({ name }) => name);
  return labels.map((label) => `${label}:${namesOf(label).join("|")}`).join(",");
}

/** As Nova takes it apart (LibvirtDriver._discover_vpmems): nothing within an entry is stripped. */
export function parseOption(text: string): OfferedNamespace[] {
  return parseList(text).flatMap((entry) => {
    const colon = entry.indexOf(":");
    const label = colon < 0 ? entry : entry.slice(0, colon);
    const names = colon < 0 ? [""] : entry.slice(colon + 1).split("|");
    return names.map((name) => ({ label, name }));
  });
}

export function offeredBy(config: NovaConfig): OfferedNamespace[] {
  return parseOption(config.get(pmemOption.section, pmemOption.option)?.text ?? "");
}

/** The same namespaces under the same labels; in which order is nothing to Nova. */
export function isSameOffer(one: readonly OfferedNamespace[], other: readonly OfferedNamespace[]): boolean {
  const key = (offered: readonly OfferedNamespace[]) => offered.map(({ label, name }) => `${label}:${name}`).sort();
  return key(one).join("\n") === key(other).join("\n");
}

/** Units that placement counts of each class, which are namespaces. */
export function inventoryOf(offered: readonly OfferedNamespace[]): Record<string, number> {
  const inventory: Record<string, number> = {};
  for (const { label } of offered) inventory[resourceClassOf(label)] = (inventory[resourceClassOf(label)] ?? 0) + 1;
  return inventory;
}

/** What a flavor says to get one namespace of a label. */
export function flavorKeysOf(offered: readonly OfferedNamespace[]): Record<string, Record<string, string>> {
  return Object.fromEntries(offered.map(({ label }) => [label, { "hw:pmem": label }]));
}
