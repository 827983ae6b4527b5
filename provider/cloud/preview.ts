import type { HostFacts } from "../core/facts/hostFacts";
import type { Problem } from "../core/inputs/problem";
import type { Evaluation } from "../core/kinds/kind";
import { memoryInPlacement } from "../core/kinds/placementMemory";
import { novaHostName } from "../core/novaConfig";
import { CloudError } from "../core/openstack/errors";
import type { CloudFacts } from "../core/openstack/rules/facts";
import { cloudProblems, unknownHost } from "../core/openstack/rules/preview";
import { unmet } from "../core/openstack/rules/verify";
import type { Declared } from "../resource";
import { inCloud, leftDrained } from "./inCloud";

/** Versions of Nova as hosts of this program say, by Nova's names of them: what no API tells. */
const releases = new Map<string, string | undefined>();

/** What a cloud has against a plan, and what else is worth saying of it. */
export interface CloudView {
  problems: Problem[];
  warnings: string[];
}

/** Every host that is looked at says something of its cloud. */
export function noteRelease(facts: HostFacts): void {
  if (facts.novaCompute) releases.set(novaHostName(facts), facts.versions.nova);
}

/** Asks the cloud, where a program says which that is. Changes nothing there. */
export async function cloudView(declared: Declared, facts: HostFacts, evaluation: Evaluation): Promise<CloudView> {
  const isQuiet = evaluation.plan.steps.length === 0 && !leftDrained(declared, facts);
  if (!declared.args.cloud || (isQuiet && !declared.kind.memory))
    return { problems: [], warnings: forgottenDrain(declared, facts) };
  try {
    const there = inCloud(declared);
    if (!there) return { problems: [], warnings: [] };
    const said = await there.cloud.facts(novaHostName(facts));
    return isQuiet ? drift(said, facts) : verdict(declared, said, evaluation);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    // A host with nothing to do is no worse for a cloud that does not answer.
    if (isQuiet) return { problems: [], warnings: [`openstack ${error.message}`] };
    return { problems: [{ path: "openstack", message: error.message }], warnings: [] };
  }
}

function verdict({ kind, args }: Declared, said: CloudFacts, evaluation: Evaluation): CloudView {
  if (!kind.memory) return { problems: said.service ? [] : [unknownHost(said)], warnings: [] };
  const { allowHazards } = args;
  return cloudProblems({ ...kind.memory(args, evaluation), allowHazards }, said, releases);
}

/** A drain that a cut run left, and a program that does not say any more whom to ask to end it. */
function forgottenDrain({ kind, args }: Declared, { journal }: HostFacts): string[] {
  const left = journal.cloud?.drained;
  if (!left || args.cloud || !kind.inputNames.includes("openstack")) return [];
  return [
    `${left.host} may still be disabled in Nova, by a run that was cut: declare openstack again, or run \`openstack compute service set --enable ${left.host} nova-compute\``,
  ];
}

/** A host that is as declared, and a cloud that says otherwise: nothing that a change of the host would mend. */
function drift(said: CloudFacts, facts: HostFacts): CloudView {
  if (!said.service) return { problems: [], warnings: [`openstack ${unknownHost(said).message}`] };
  const expected = memoryInPlacement(facts);
  return { problems: [], warnings: expected ? unmet(expected, said.provider) : [] };
}
