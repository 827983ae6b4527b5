import type { Problem } from "../../inputs/problem";
import { formatMib } from "../../size";
import { minimums } from "../../versions";
import type { CloudFacts } from "./facts";
import { oldestCompute } from "./releases";

/** What file-backed memory is to be on one host. */
export interface WantedMemory {
  memoryMb: number;
  reservedMb: number;
  /** Hazards that the user accepts, by name. */
  allowHazards: readonly string[];
}

/** Names in a list that is read by people. */
const mostNames = 5;

/** What a cloud has against file-backed memory on a host, and what nobody can say. */
export function cloudProblems(
  wanted: WantedMemory,
  facts: CloudFacts,
  known: ReadonlyMap<string, string | undefined>,
): { problems: Problem[]; warnings: string[] } {
  if (!facts.service) return { problems: [unknownHost(facts)], warnings: [] };
  const old = oldestCompute(facts, known);
  const problems = [
    ...facts.aggregates.flatMap((aggregate) => ratioProblem(aggregate.name, aggregate.metadata)),
    ...allocationProblem(wanted, facts),
    ...(old.verdict === "too old" ? [tooOld(old.who)] : []),
  ];
  const warnings = old.verdict === "unknown" ? [unknownReleases(old.hosts, facts)] : [];
  if (!facts.provider)
    warnings.push(
      `placement of ${facts.cloud} does not know this host yet: nothing is known of what guests hold of it`,
    );
  return { problems, warnings };
}

/** The host is in another cloud, or its nova-compute has never been up. */
export function unknownHost({ cloud, host, computes }: CloudFacts): Problem {
  const names = computes.map((each) => each.host).sort();
  return {
    path: "openstack",
    message: `is ${cloud}, which has no nova-compute on ${host}${names.length > 0 ? `, but on ${listed(names)}` : ""}. Name the cloud and region of this host, or leave openstack out until its nova-compute was up once`,
  };
}

/** Until Ussuri a filter of the scheduler multiplied the host's memory by it, whatever nova.conf says (AggregateRamFilter). */
function ratioProblem(name: string, metadata: Record<string, string>): Problem[] {
  const ratio = metadata["ram_allocation_ratio"];
  if (ratio === undefined || Number(ratio) === 1) return [];
  const property = `openstack aggregate unset --property ram_allocation_ratio ${name}`;
  return [
    {
      path: "",
      message: `aggregate ${name} has ram_allocation_ratio = ${ratio}; Nova's administrators' guide allows no other than 1.0 for hosts with file-backed memory. Take the host out of it, or run: ${property}`,
    },
  ];
}

function allocationProblem({ memoryMb, reservedMb, allowHazards }: WantedMemory, { provider }: CloudFacts): Problem[] {
  const capacity = memoryMb - reservedMb;
  if (!provider || provider.allocatedMb <= capacity || allowHazards.includes("capacity-below-used")) return [];
  return [
    {
      path: "capacity",
      message: `leaves ${formatMib(capacity)} for guests, but guests of this host, stopped ones too, hold ${formatMib(provider.allocatedMb)} in placement. Move some away first, declare more, or allow the hazard "capacity-below-used"`,
    },
  ];
}

function tooOld(who: string): Problem {
  const { feature, nova } = minimums.fileBackedMemory;
  const message = `${feature} needs Nova ${nova} or newer wherever guests may migrate from, and ${who} ${who.includes(",") ? "are" : "is"} older. Upgrade first`;
  return { path: "", message };
}

function unknownReleases(hosts: readonly string[], { cloud }: CloudFacts): string {
  return `whether every compute of ${cloud} has Nova ${minimums.fileBackedMemory.nova} or newer is unknown; nothing says so of ${listed(hosts)}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNames).join(", ");
  return names.length > mostNames ? `${shown} and ${names.length - mostNames} more` : shown;
}
