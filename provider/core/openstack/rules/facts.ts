import type { Aggregate, ComputeService } from "../nova";
import type { Provider } from "../placement";

/** What a cloud says of one host, and of those that its guests may come from. */
export interface CloudFacts {
  /** The cloud's name in messages. */
  cloud: string;
  /** Nova's name of the host: `[DEFAULT] host` of its nova.conf, else its host name. */
  host: string;
  /** Undefined if Nova has no nova-compute of that name. */
  service: ComputeService | undefined;
  /** Undefined if placement does not know the host. */
  provider: Provider | undefined;
  /** Those that the host is in. */
  aggregates: Aggregate[];
  /** The newest version of Nova's API, as the number after the dot. */
  apiMaximum: number;
  /** Every nova-compute of the cloud. */
  computes: Compute[];
}

/** A nova-compute, and whether placement has a trait that only nova-compute 19.0.0 or newer sets. */
export interface Compute {
  host: string;
  hasTraitOfStein: boolean;
}
