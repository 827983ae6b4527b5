import { type PolicyResource, UnknownValueError } from "@pulumi/policy";

const prefix = "pulumi-nodejs:dynamic/hostmem:";

/** What a resource is, in the words of pulumi-hostmem; undefined for a resource of somebody else. */
export function kindOf(type: string): string | undefined {
  return type.startsWith(prefix) ? type.slice(prefix.length) : undefined;
}

/** A value that a preview does not know yet is undefined; a policy then looks again at the next update. */
export function known<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnknownValueError) return undefined;
    throw error;
  }
}

/**
 * The host that a resource belongs to: its `ComputeHost`, which is there before anybody knows an address, else where its
 * connection leads to.
 */
function hostOf(resource: PolicyResource): string | undefined {
  const { parent } = resource;
  if (parent?.type === "hostmem:index:ComputeHost") return parent.urn;
  const address = known(() => resource.props["connection"].host as string);
  const port = known(() => resource.props["connection"].port as number | undefined) ?? 22;
  return address === undefined ? undefined : `${address}:${port}`;
}

/** The resources of a stack that are on one host, host by host. */
export function hostsOf(resources: readonly PolicyResource[]): PolicyResource[][] {
  const hosts = new Map<string, PolicyResource[]>();
  for (const resource of resources) {
    const host = kindOf(resource.type) === undefined ? undefined : hostOf(resource);
    if (host !== undefined) hosts.set(host, [...(hosts.get(host) ?? []), resource]);
  }
  return [...hosts.values()];
}

export function ofKind(resources: readonly PolicyResource[], kind: string): PolicyResource[] {
  return resources.filter((each) => kindOf(each.type) === kind);
}
