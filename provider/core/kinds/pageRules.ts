import type { HostFacts } from "../facts/hostFacts";
import type { PagesRecord } from "../facts/journal";
import { parseInteger } from "../files/osloConfig";
import { noNovaCompute } from "../foreignFiles";
import type { Problem } from "../inputs/problem";
import type { NovaConfig } from "../novaConfig";
import { formatMib } from "../size";
import type { Surroundings } from "./kind";
import { bootProblems, needsReboot } from "./pageBoot";
import type { Enforcement } from "./pageEnforcement";
import { strandedGuests, strangersWarnings } from "./pageGuests";
import { type Pool, poolsToReturn } from "./pagePools";
import { reservationsOf } from "./pageReservations";
import { formatPageSize, hostSizes, whyNot } from "./pageSize";
import type { PageSizePolicyArgs } from "./pageSizePolicy";
import type { DesiredPages } from "./pageState";
import { heldPages, poolProblems } from "./poolRules";

type Refuse = (path: string, message: string) => void;

/** What the kernel or Nova would refuse later, and hazards for guests and for others who use huge pages. */
export function pageRefusals(
  args: PageSizePolicyArgs,
  want: DesiredPages,
  facts: HostFacts,
  config: NovaConfig,
  surroundings: Surroundings,
): Problem[] {
  const problems: Problem[] = [];
  const refuse: Refuse = (path, message) => problems.push({ path, message });
  if (facts.hugePages.nodes.length === 0) {
    refuse(
      "",
      "the kernel shows no NUMA node below /sys/devices/system/node, so that neither pools nor Nova's own accounting of pages work; leave this host out",
    );
    return problems;
  }
  if (facts.hugePages.basePageKib === 0) {
    refuse("", "getconf PAGESIZE does not say how large the host's pages are; mend that first, or leave this host out");
    return problems;
  }
  refuseUnreadable(facts, config, refuse);
  if (problems.length > 0) return problems;
  refuseSizes(args, want, facts, refuse);
  problems.push(...poolProblems(args, want, facts, config), ...bootProblems(want.pools, args.atBoot, facts));
  if (problems.length > 0) return problems;
  refuseFileBacked(want, config, surroundings, refuse);
  problems.push(...strandedGuests(args.allowHazards, want.pools, facts, args.pools.length > 0 ? "pools" : "allowed"));
  return problems;
}

/** Configuration with which nova-compute would not even start. */
function refuseUnreadable(facts: HostFacts, config: NovaConfig, refuse: Refuse): void {
  if (!facts.novaCompute) {
    refuse("", noNovaCompute(facts, "pages"));
    return;
  }
  if (config.failure) {
    refuse("", `nova-compute cannot read its configuration: ${config.failure}; mend that first`);
    return;
  }
  for (const entry of reservationsOf(config)) {
    if (entry.variable !== undefined) {
      refuse(
        "",
        `${entry.variable} in the environment of ${facts.novaCompute.unit.name} wins over every file; remove it there and restart the service`,
      );
      return;
    }
    if (!entry.reservation) {
      refuse(
        "",
        `${entry.path} has reserved_huge_pages = ${firstLine(entry.text)}, which Nova does not understand and refuses to start with; write it as node:0,size:2048,count:64`,
      );
    }
  }
}

/** Without lines that are indented by mistake and therefore belong to it: they may hold a password. */
function firstLine(text: string): string {
  return text.split(/[\r\n]/, 1)[0]!.slice(0, 80);
}

function refuseSizes(args: PageSizePolicyArgs, want: DesiredPages, facts: HostFacts, refuse: Refuse): void {
  const has = hostSizes(facts.hugePages).map(formatPageSize).reverse().join(", ");
  for (const size of want.unknown) {
    refuse(
      "allowed",
      `names ${formatPageSize(size)}, which the host does not have${whyNot(size, facts.hugePages)}; name sizes that it has: ${has}`,
    );
  }
  if (want.sizes.length === 0 && want.unknown.length === 0) {
    refuse("allowed", `leaves no page size, since the host has ${has} only; leave allowed out, or this host`);
  }
  if (args.enforceBy === "empty-pools" && !want.restricts && want.unknown.length === 0) {
    refuse("enforceBy", "has nothing to empty, since every page size is allowed; leave it out");
  }
}

/** Nova gives guests of such a host no page size at all, see `_get_guest_memory_backing_config` (nova/virt/libvirt/driver.py). */
function refuseFileBacked(want: DesiredPages, config: NovaConfig, { planned }: Surroundings, refuse: Refuse): void {
  const decided = planned.findLast((effect) => effect.fileBackedMemoryMb !== undefined)?.fileBackedMemoryMb;
  const written = parseInteger(config.get("libvirt", "file_backed_memory")?.value ?? "");
  const memoryMb = decided ?? ((written.ok && written.value) || 0);
  if (!(memoryMb > 0) || !want.restricts) return;
  refuse(
    "allowed",
    `cannot be kept beside file-backed memory (${formatMib(memoryMb)}): there Nova refuses every guest that asks for a page size, even "small". Leave it out, or take one of the two off this host`,
  );
}

/** Pages that somebody took from a pool that goes back to what it was are not taken away. */
export function pageUndoRefusals(
  { allowHazards }: PageSizePolicyArgs,
  facts: HostFacts,
  record: PagesRecord | undefined,
): Problem[] {
  const { back } = poolsToReturn(facts.hugePages, [], record);
  return [
    ...heldPages(back, facts).map((message) => ({ path: "", message })),
    ...strandedGuests(allowHazards, back, facts, ""),
  ];
}

/** What neither host nor Nova says by itself. */
export function pageWarnings(
  args: PageSizePolicyArgs,
  want: DesiredPages,
  { level, gaps }: Enforcement,
  facts: HostFacts,
): string[] {
  const { hugePages } = facts;
  const said: string[] = [];
  if (level === "partial") {
    said.push(
      `the host alone cannot keep to this: guests ${gaps.map((gap) => gap.guests).join("; guests ")}. See the output schedulerRules`,
    );
  }
  said.push(...strangersWarnings(want, facts));
  if (!want.sizes.some((size) => size !== hugePages.basePageKib) && hugePages.transparent === "always") {
    said.push(
      "transparent huge pages are set to always: the kernel may back any guest with them, whatever its page size",
    );
  }
  const isBaseRefused = !want.sizes.includes(hugePages.basePageKib);
  if (isBaseRefused && !want.sizes.some((size) => pagesOf(size, want, facts) > 0)) {
    said.push("no pool has pages of an allowed size: no guest that asks for a page size can start here");
  }
  if (needsReboot(want.pools, args.atBoot, facts)) said.push("pools stay as they are until the host is rebooted");
  else if (want.pools.length > 0 && args.atBoot === "unit") {
    for (const setter of hugePages.otherSetters)
      said.push(`pools are set elsewhere, too, and ours come after that: ${setter}`);
  }
  return said;
}

function pagesOf(size: number, want: DesiredPages, { hugePages }: HostFacts): number {
  const of = (pools: readonly { sizeKib: number }[]) => pools.filter((pool) => pool.sizeKib === size);
  const declared = of(want.pools) as Pool[];
  const others = hugePages.pools.filter(
    (pool) => pool.sizeKib === size && !declared.some((each) => each.node === pool.node),
  );
  return [...declared.map((pool) => pool.count), ...others.map((pool) => pool.total)].reduce(
    (sum, each) => sum + each,
    0,
  );
}
