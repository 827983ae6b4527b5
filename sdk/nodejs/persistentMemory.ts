import type * as pulumi from "@pulumi/pulumi";
import { HostResource } from "./hostResource";
import type { HostArgs, Size } from "./types";

/** A namespace for guests. */
export interface NamespaceArgs {
  /**
   * Name of the namespace in its labels (`ndctl create-namespace --name`), by which Nova finds it: at most 63 letters, digits,
   * underscores, dots and dashes. A namespace of this name that is already there, and is as declared, is used as it is.
   *
   * Refused: a name that several namespaces of the host have, or one that is something else than declared; see
   * `consentToDestroy`.
   *
   * @example "gold-0"
   */
  name: pulumi.Input<string>;
  /**
   * What flavors ask for (`hw:pmem`), the label of `[libvirt] pmem_namespaces`: letters, digits and underscores, at most 233.
   * Namespaces of one label are all the same to Nova, so give them the same size and alignment, on every host.
   *
   * Refused: two spellings that placement takes for one class (`6GB` and `6gb`); another label for a namespace in use.
   *
   * @example "6GB"
   */
  label: pulumi.Input<string>;
  /**
   * What the namespace takes of its region, as `ndctl create-namespace --size`: text with a binary unit, or a number of MiB.
   * Rounded up to what alignment and interleaving allow, and to 16 MiB at least. Guests see less: the output `usableMb`.
   *
   * Refused: more than the region has in one piece.
   *
   * @example "6 GiB"
   */
  size: pulumi.Input<Size>;
  /**
   * Alignment of the namespace (`ndctl create-namespace --align`), and the size of the pages that guests get: 4 KiB, 2 MiB or
   * 1 GiB, as the region has them. Default "2 MiB".
   *
   * @example "1 GiB"
   */
  alignment?: pulumi.Input<Size>;
  /**
   * The region to make it in, by the kernel's name (`ndctl list --regions`). Default: the first that has room.
   *
   * @example "region0"
   */
  region?: pulumi.Input<string>;
  /**
   * The NUMA node whose regions may have it. Default: any.
   *
   * @example 1
   */
  numaNode?: pulumi.Input<number>;
  /**
   * Where the kernel keeps its page structures, 64 bytes for each 4 KiB: `"dev"` in the namespace itself, `"mem"` in the host's
   * RAM (`ndctl create-namespace --map`). Default: "dev" for a new one, and either for one that is there.
   */
  map?: pulumi.Input<"dev" | "mem">;
}

/** What a `PersistentMemory` takes. */
export interface PersistentMemoryArgs extends HostArgs {
  /**
   * Everything that Nova shall give to guests on this host: `[libvirt] pmem_namespaces` is one value, so what it has and is
   * not declared here is refused. A namespace that is taken out stays on the host, unless `consentToDestroy` names it.
   *
   * Refused: taking out, or giving another label, what a guest of this host has, running or not.
   *
   * @example [{ name: "gold-0", label: "6GB", size: "6 GiB" }, { name: "gold-1", label: "6GB", size: "6 GiB" }]
   */
  namespaces: pulumi.Input<pulumi.Input<NamespaceArgs>[]>;
  /**
   * Namespaces that may be destroyed, with all that is in them: name and UUID, as the refusal, the warning of a destroy, or the
   * output `uuids` has them. Each is good for that very namespace: for making it anew as declared, once it is taken out
   * of `namespaces`, and when the resource is destroyed. Default: none; a destroy keeps every namespace.
   *
   * Refused: a namespace that a guest or a process has.
   *
   * @example ["gold-0 UUID=5a2f…"]
   */
  consentToDestroy?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * `"now"` (default): this resource restarts nova-compute, checks that it is up, and goes back if it is not.
   * `"deferred"`: a `ServiceActivation` that depends on this resource does so, once for all resources of the host. Where a
   * namespace goes, the restart is made here in any case.
   */
  activation?: pulumi.Input<"now" | "deferred">;
  /** Seconds that nova-compute may take to come up before the change is taken back: 10 to 86400. Default 300. */
  healthTimeoutSeconds?: pulumi.Input<number>;
}

/**
 * Persistent memory for guests of one host: devdax namespaces (ndctl(1)), made where they are missing, and Nova's
 * `[libvirt] pmem_namespaces` for them. nova-compute learns of both by a restart.
 *
 * What is in a namespace is never lost without a consent that names it. It is also not kept by Nova: **a guest that is
 * stopped and started, or rebooted hard, finds its persistent memory wiped, and a resize does not take it along.** Live
 * migration copies it from Nova 21 on, to a namespace of the same label, whose size Nova does not compare.
 *
 * Nova counts namespaces by their devices (`/dev/dax0.1`), which the kernel numbers anew with each boot. A preview says
 * when that happened, and refuses to go on while a guest has the former one, since Nova would hand it out twice.
 *
 * The host needs ndctl, and daxio (of pmdk), by which Nova wipes what a deleted guest had.
 *
 * @example
 * ```ts
 * const memory = new PersistentMemory("compute-1", {
 *     connection: { host: "compute-1.example.net", user: "deploy" },
 *     namespaces: [
 *         { name: "gold-0", label: "6GB", size: "6 GiB" },
 *         { name: "gold-1", label: "6GB", size: "6 GiB" },
 *     ],
 * });
 * export const flavor = memory.flavorKeys.apply((keys) => keys["6GB"]); // { "hw:pmem": "6GB" }
 * ```
 */
export class PersistentMemory extends HostResource {
  /** @internal */
  public static readonly __pulumiType = "pulumi-nodejs:dynamic/hostmem:PersistentMemory";

  /** As declared, or what the host has and offers of it if somebody changed that. */
  public readonly namespaces!: pulumi.Output<{ name: string; label: string; size: Size }[]>;
  /** Number of namespaces by their class in placement, `CUSTOM_PMEM_NAMESPACE_6GB`: the host's inventory. Known in a preview. */
  public readonly inventory!: pulumi.Output<Record<string, number>>;
  /** By label, the extra specs of a flavor that gets one namespace of it. Known in a preview. */
  public readonly flavorKeys!: pulumi.Output<Record<string, Record<string, string>>>;
  /**
   * By name, what the namespace has for a guest, in MiB, of which Nova keeps 2 for the guest's own labels. Known in a preview,
   * before it is made.
   */
  public readonly usableMb!: pulumi.Output<Record<string, number>>;
  /** By name, the device that guests get: `/dev/dax0.1`. The kernel's numbers, which a boot can change. */
  public readonly devices!: pulumi.Output<Record<string, string>>;
  /** By name, the UUID that a consent to destroy names. */
  public readonly uuids!: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: PersistentMemoryArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "PersistentMemory",
      name,
      args,
      ["namespaces", "inventory", "flavorKeys", "usableMb", "devices", "uuids"],
      options,
    );
  }
}
