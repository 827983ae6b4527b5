import type { OpenStackAccess } from "./access";
import { CloudError } from "./errors";

/** One address of one service, as keystone's catalog has it. */
export interface CatalogEndpoint {
  type: string;
  interface: string;
  region: string | undefined;
  url: string;
}

/** Services that are spoken with beside keystone. */
export type Service = "compute" | "placement";

/**
 * Where a service is. Unlike the usual clients, which take the first endpoint that fits, one that could be of another
 * region is not guessed.
 *
 * @throws CloudError of kind settings.
 */
export function endpointOf(service: Service, access: OpenStackAccess, catalog: readonly CatalogEndpoint[]): URL {
  const override = access.endpoints[service];
  if (override !== undefined) return new URL(override);
  const refuse = (problem: string, advice: string): never => {
    throw new CloudError("settings", access.name, problem, advice);
  };
  if (catalog.length === 0) {
    return refuse("keystone's token has no catalog, as it is for no project", "name a project that you have a role in");
  }
  const ofType = catalog.filter((each) => each.type === service);
  if (ofType.length === 0) {
    return refuse(`the catalog has no ${service} service`, `register it, or set ${service}_endpoint_override`);
  }
  const ofInterface = ofType.filter((each) => each.interface === access.interface);
  if (ofInterface.length === 0) {
    const known = listed(ofType.map((each) => each.interface));
    return refuse(`the catalog has no ${access.interface} endpoint of ${service}`, `set interface to one of: ${known}`);
  }
  const regions = [...new Set(ofInterface.map((each) => each.region ?? ""))];
  const found = ofInterface.filter((each) => access.region === undefined || each.region === access.region);
  if (found.length === 0) {
    return refuse(`${service} has no endpoint in region ${access.region}`, `set region to one of: ${listed(regions)}`);
  }
  if (access.region === undefined && regions.length > 1)
    return refuse(`${service} is in several regions`, `set region to one of: ${listed(regions)}`);
  const [{ url }] = found as [CatalogEndpoint];
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    return refuse(`the catalog's URL of ${service} is none`, `have it corrected, or set ${service}_endpoint_override`);
  }
  return new URL(url);
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].sort().join(", ");
}
