import type * as pulumi from "@pulumi/pulumi";
import { HostResource } from "./hostResource";
import type { CloudArgs } from "./openStack";
import type { HostArgs } from "./types";

/** What a `ServiceActivation` takes. */
export interface ServiceActivationArgs extends HostArgs, CloudArgs {
  /**
   * Seconds that nova-compute may take to come up before changes are taken back: 10 to 86400. Default 300. A slow start is
   * waited for.
   */
  healthTimeoutSeconds?: pulumi.Input<number>;
}

/**
 * The one place that restarts services of a host: libvirt's daemon, then nova-compute, once for all resources with
 * `activation: "deferred"` that it depends on, and only if one of them changed something. It then finds out whether Nova
 * really came up; if not, it takes the changes back, restarts again, and fails with Nova's own sentence.
 *
 * Running guests are not touched by these restarts. With `openstack`, placement has to say the host's new memory, too, and
 * `drain` keeps new guests away meanwhile, or moves the running ones.
 *
 * @example
 * ```ts
 * new ServiceActivation("compute-1", { connection }, { dependsOn: [memory] });
 * ```
 */
export class ServiceActivation extends HostResource {
  /** @internal */
  public static readonly __pulumiType = "pulumi-nodejs:dynamic/hostmem:ServiceActivation";

  /** Services that still run with former settings, after an apply that was cut; empty otherwise. */
  public readonly pending!: pulumi.Output<string[]>;

  constructor(name: string, args: ServiceActivationArgs, options?: pulumi.CustomResourceOptions) {
    super("ServiceActivation", name, args, ["pending"], options);
  }
}
