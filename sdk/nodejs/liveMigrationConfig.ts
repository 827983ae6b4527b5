import type * as pulumi from "@pulumi/pulumi";
import { HostResource } from "./hostResource";
import type { HostArgs } from "./types";

/** Namespaces that a host offers under one label of `[libvirt] pmem_namespaces`. */
export interface PmemOffer {
  label: string;
  /** What a guest's device has there, in KiB; left out where it is not known. */
  sizeKib?: number;
  /** In KiB; left out where it is not known. */
  alignmentKib?: number;
}

/** All of a host that decides where its guests can live migrate to, and which can come, as far as their memory goes. */
export interface MigrationProfile {
  /** Name of the host, as in `openstack compute service list`. */
  host: string;
  nova: string;
  libvirt: string;
  qemu: string;
  /** `[libvirt] file_backed_memory` is above 0. */
  fileBacked: boolean;
  /** The host's ordinary page size in KiB. */
  basePageKib: number;
  /** In KiB: sizes of which Nova has pages for guests that ask for a size. */
  pageSizes: number[];
  pmem: PmemOffer[];
  /** `[libvirt] live_migration_permit_post_copy`. */
  postCopy: boolean;
}

/** What a `LiveMigrationConfig` takes. */
export interface LiveMigrationConfigArgs extends HostArgs {
  /**
   * Nova's `[libvirt] live_migration_permit_post_copy`, for guests that leave this host: whether a migration that takes too
   * long may be switched to post-copy, where a guest runs on the other host before all of its memory is there. Default: left
   * as it is; Nova's own default is False.
   *
   * Nova never switches guests with persistent memory. QEMU has no post-copy into files of a disk, and from 8.1 on refuses
   * every migration that permits it to a host with file-backed memory: leave it off in such a cloud.
   *
   * Refused: true beside live_migration_parallel_connections above 1, with which Nova 33 and newer start from QEMU 10.1 on
   * only.
   *
   * @example false
   */
  permitPostCopy?: pulumi.Input<boolean>;
  /**
   * `"now"` (default): this resource restarts nova-compute, checks that it is up, and goes back if it is not.
   * `"deferred"`: a `ServiceActivation` that depends on this resource does so, once for all resources of the host. Without
   * one the restart stays outstanding, and every preview says so.
   */
  activation?: pulumi.Input<"now" | "deferred">;
  /** Seconds that nova-compute may take to come up before the change is taken back: 10 to 86400. Default 300. */
  healthTimeoutSeconds?: pulumi.Input<number>;
}

/**
 * What one host is to live migration: tells its `profile`, for a `LiveMigrationGroup`, and sets Nova's post-copy option if
 * that is declared.
 *
 * The profile is of the host as it is once everything that this resource depends on is applied, also in a preview: name the
 * host's other resources in `dependsOn`. A `ComputeHost` does so.
 *
 * @example
 * ```ts
 * const memory = new FileBackedMemoryConfig("compute-1", { connection, capacity: "1 TiB" });
 * const migration = new LiveMigrationConfig("compute-1", { connection }, { dependsOn: [memory] });
 * export const profile = migration.profile;
 * ```
 */
export class LiveMigrationConfig extends HostResource {
  /** @internal */
  public static readonly __pulumiType = "pulumi-nodejs:dynamic/hostmem:LiveMigrationConfig";

  /** As declared, or what the host has if somebody changed it; undefined where it is not declared. */
  public readonly permitPostCopy!: pulumi.Output<boolean | undefined>;
  /** What decides where guests can go from and to this host. Known in a preview. Plain data, for other stacks, too. */
  public readonly profile!: pulumi.Output<MigrationProfile>;

  constructor(name: string, args: LiveMigrationConfigArgs, options?: pulumi.CustomResourceOptions) {
    super("LiveMigrationConfig", name, args, ["permitPostCopy", "profile"], options);
  }
}
