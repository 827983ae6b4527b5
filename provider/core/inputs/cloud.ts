import { type OpenStackInput, readOpenStack } from "../openstack/input";
import type { Inputs } from "./problem";

/** Inputs of kinds that have to do with the cloud that their host is in. */
export const cloudInputNames = ["openstack", "drain", "drainTimeoutSeconds"] as const;

export const drains = ["disable", "migrate"] as const;

export const defaultDrainTimeoutSeconds = 3600;

/** What a program says of the cloud that a host is in. */
export interface CloudArgs {
  openstack: OpenStackInput;
  drain: (typeof drains)[number] | undefined;
  drainTimeoutSeconds: number;
  /** Bound of what waits for nova-compute. */
  healthTimeoutSeconds: number;
  /** This resource restarts services by itself, so that it drains, and ends what a cut drain has left. */
  restarts: boolean;
}

/** Reads what a program says of a cloud, which may be nothing. */
export function readCloud(
  inputs: Inputs,
  { restarts, healthTimeoutSeconds }: Pick<CloudArgs, "restarts" | "healthTimeoutSeconds">,
): { cloud?: CloudArgs } {
  const openstack = readOpenStack(inputs);
  const drain = inputs.choice("drain", drains);
  const seconds = inputs.integer("drainTimeoutSeconds", 10, 604_800);
  if (inputs.has("drain") && !inputs.has("openstack"))
    inputs.problem("drain", 'needs openstack, the cloud that is told: name one, as in openstack: "production"');
  if (inputs.has("drainTimeoutSeconds") && drain !== "migrate")
    inputs.problem("drainTimeoutSeconds", 'is of use beside drain: "migrate" only; leave it out');
  if (!openstack) return {};
  const drainTimeoutSeconds = seconds ?? defaultDrainTimeoutSeconds;
  return { cloud: { openstack, drain, drainTimeoutSeconds, healthTimeoutSeconds, restarts } };
}
