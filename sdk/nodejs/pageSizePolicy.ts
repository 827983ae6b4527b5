import type * as pulumi from "@pulumi/pulumi";
import { HostResource } from "./hostResource";
import type { HostArgs } from "./types";

/** A size of memory pages: KiB as a number (4, 2048, 1048576), as in Nova's flavors, or text ("2 MiB", "1 GiB"). */
export type PageSize = number | string;

/** One or several page sizes: `"small"` is the host's ordinary size, `"large"` every other, `"any"` all of them. */
export type AllowedPageSizes = PageSize | "any" | "small" | "large" | (PageSize | "any" | "small" | "large")[];

/** Huge pages that the kernel keeps ready on one or all NUMA nodes. */
export interface PoolArgs {
  /**
   * Size of the pages. One that the host's kernel and processor have, and not the ordinary one.
   *
   * @example "2 MiB"
   */
  size: pulumi.Input<PageSize>;
  /**
   * Number of pages, on each node that is meant. 0 keeps the pool empty.
   *
   * @example 512
   */
  count: pulumi.Input<number>;
  /**
   * The NUMA node, as in /sys/devices/system/node. Default: every node with memory, each with `count` pages.
   *
   * @example 0
   */
  node?: pulumi.Input<number>;
}

/** What a `PageSizePolicy` takes. */
export interface PageSizePolicyArgs extends HostArgs {
  /**
   * Sizes of pages that guests may be given on this host: words, sizes, or a list of both. Default `"any"`.
   *
   * A list without the host's ordinary size is enforced in part only, since Nova counts no pages for guests that ask for none:
   * see the outputs `enforcement`, `gaps` and `schedulerRules`. Refused beside file-backed memory unless it is `"any"`.
   *
   * @example ["small", "2 MiB"]
   */
  allowed?: pulumi.Input<AllowedPageSizes>;
  /**
   * Pools of huge pages, set now (/sys/devices/system/node/…/nr_hugepages) and at every boot, before libvirt. Pools that
   * are not named stay as they are. A pool of a size that is not allowed is for others than guests, such as OVS-DPDK.
   *
   * Refused: more than a node has or can give now, less than is in use. Destroying the resource brings the former counts back.
   *
   * @example [{ size: "1 GiB", node: 0, count: 16 }, { size: "2 MiB", count: 512 }]
   */
  pools?: pulumi.Input<pulumi.Input<PoolArgs>[]>;
  /**
   * How pools come back at boot. `"unit"` (default): a systemd unit sets them before libvirt starts. `"kernel-command-line"`:
   * the kernel sets them before anything else, for pools that a running kernel cannot give any more (1 GiB pages); through
   * /etc/default/grub.d and update-grub, on hosts that have these, with a kernel of 5.16 or newer. Pools then stay as they
   * are until the next boot, which is never brought about: see the output `rebootNeeded`.
   *
   * @example "kernel-command-line"
   */
  atBoot?: pulumi.Input<"unit" | "kernel-command-line">;
  /**
   * How sizes that are not allowed are kept from guests. `"reservation"` (default): Nova's `[DEFAULT] reserved_huge_pages`, a
   * line for each node and size beside those of others. `"empty-pools"`: pools of such sizes are set to 0 as well, so that
   * nobody on the host has such pages; the ordinary size has no pool and is reserved in any case.
   *
   * Refused: "empty-pools" where pages of such a pool are in use, or where every size is allowed.
   *
   * @example "empty-pools"
   */
  enforceBy?: pulumi.Input<"reservation" | "empty-pools">;
  /**
   * A trait that the host is to have in placement, for aggregates and flavors to refer to: `CUSTOM_`, then capital letters,
   * digits and underscores. Removed from placement again when it is not declared any more, and with the resource, unless the
   * host had it before. Default: none.
   *
   * @example "CUSTOM_LARGE_PAGES"
   */
  trait?: pulumi.Input<string>;
  /**
   * How the trait gets to placement. `"provider-config"` (default): by a file in nova-compute's provider_config_location,
   * which Nova keeps to from Victoria on; refused beside somebody else's entry for the same compute node, with which Nova
   * would not start, and in the place of somebody else's hostmem.yaml. `"placement"`: at once, with nova-compute's own
   * credentials on the host; not looked at again after that.
   *
   * @example "placement"
   */
  traitBy?: pulumi.Input<"provider-config" | "placement">;
  /**
   * `"now"` (default): this resource restarts nova-compute, checks that it is up, and goes back if it is not.
   * `"deferred"`: a `ServiceActivation` that depends on this resource does so, once for all resources of the host. Without
   * one the restart stays outstanding, and every preview says so.
   */
  activation?: pulumi.Input<"now" | "deferred">;
  /** Seconds that nova-compute may take to come up before the change is taken back: 10 to 86400. Default 300. */
  healthTimeoutSeconds?: pulumi.Input<number>;
}

/** Guests that the host alone cannot keep to the allowed sizes. */
export interface PageSizeGap {
  /** Which guests, by what their flavor says. */
  guests: string;
  /** What they get instead, and why. */
  reason: string;
}

/** What closes the gaps from the scheduler's side. Names and values as Nova's API and configuration take them. */
export interface SchedulerRules {
  /** The trait that the host must have in placement. */
  trait: string;
  /** Metadata of the host aggregate that holds the hosts of this policy. */
  aggregateMetadata: Record<string, string>;
  /** Extra specs of every flavor that may come here. */
  flavorExtraSpecs: Record<string, string>;
  /** nova.conf of the schedulers, by `[section] option`. */
  schedulerOptions: Record<string, string>;
  /** What `[filter_scheduler] enabled_filters` must have beside what it has. */
  enabledFilters: string[];
  /** What is still open with all this, or to be done by hand. */
  remarks: string[];
}

/**
 * Which page sizes guests may be given on one host: what a blueprint wanted that Nova never took, done with what Nova has,
 * huge page pools and `[DEFAULT] reserved_huge_pages` for everything that is not allowed. What only the scheduler can
 * enforce is said, and never promised.
 *
 * Nova learns of pools and reservations by a restart of nova-compute. Running guests keep their pages.
 *
 * @example
 * Ordinary pages and 2 MiB pages only, with 8 GiB of the latter on each node:
 * ```ts
 * new PageSizePolicy("compute-1", {
 *     connection: { host: "compute-1.example.net", user: "deploy" },
 *     allowed: ["small", "2 MiB"],
 *     pools: [{ size: "2 MiB", count: 4096 }],
 * });
 * ```
 * A host of vhost-user guests, which need huge pages; the scheduler keeps all other guests away:
 * ```ts
 * const policy = new PageSizePolicy("compute-1", { connection, allowed: "large", pools: [{ size: "1 GiB", count: 64 }] });
 * export const rules = policy.schedulerRules;
 * ```
 */
export class PageSizePolicy extends HostResource {
  /** @internal */
  public static readonly __pulumiType = "pulumi-nodejs:dynamic/hostmem:PageSizePolicy";

  /** As declared, or the sizes in KiB that the host gives if somebody changed it. */
  public readonly allowed!: pulumi.Output<AllowedPageSizes | undefined>;
  /** As declared, or what the host has if somebody changed it. */
  public readonly pools!: pulumi.Output<{ size: PageSize; count: number; node?: number }[]>;
  /** `"host"`: Nova refuses other pages on the host itself. `"partial"`: not for the guests in `gaps`. Known in a preview. */
  public readonly enforcement!: pulumi.Output<"host" | "partial">;
  /** Guests that get other pages all the same. Known in a preview. */
  public readonly gaps!: pulumi.Output<PageSizeGap[]>;
  /** What closes the gaps, null where there are none. Known in a preview. */
  public readonly schedulerRules!: pulumi.Output<SchedulerRules | null>;
  /** The pools are on the kernel's command line, and the kernel that runs was started without them. */
  public readonly rebootNeeded!: pulumi.Output<boolean>;
  /** The kernel's setting of transparent huge pages: always, madvise, never, or none. Not Nova's, and not changed. */
  public readonly transparentHugePages!: pulumi.Output<string>;

  constructor(name: string, args: PageSizePolicyArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "PageSizePolicy",
      name,
      args,
      ["allowed", "pools", "enforcement", "gaps", "schedulerRules", "rebootNeeded", "transparentHugePages"],
      options,
    );
  }
}
