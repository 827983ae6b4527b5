import type * as pulumi from "@pulumi/pulumi";
import { HostResource } from "./hostResource";
import type { CloudArgs } from "./openStack";
import type { HostArgs, Size } from "./types";

/** What a `FileBackedMemoryConfig` takes. */
export interface FileBackedMemoryConfigArgs extends HostArgs, CloudArgs {
  /**
   * Memory that this host offers to guests, whatever RAM it has: Nova's `[libvirt] file_backed_memory`, placement's
   * MEMORY_MB. Text with a binary unit, or a number of MiB. `"auto"` is what the file system of the memory directory can
   * hold, in whole MiB, and stays there while it fits: on a device what a `BackingStore` promises of that device (its
   * `sizeMb`), or what is free where others use it, too; on no device of its own, such as a tmpfs, all but 1/256.
   *
   * Refused: more than the file system can hold (Nova would not notice, and guests would die).
   *
   * @example "1 TiB"
   */
  capacity: pulumi.Input<Size | "auto">;
  /**
   * Directory of guest memory: `memory_backing_dir` in /etc/libvirt/qemu.conf. libvirt adds `libvirt/qemu` to it.
   * Default: qemu.conf is left alone, and libvirt's own default is /var/lib/libvirt/qemu/ram.
   *
   * @example "/mnt/guest-memory"
   */
  memoryBackingDir?: pulumi.Input<string>;
  /**
   * Nova's `[DEFAULT] reserved_host_memory_mb`. Default 0, since the store serves guests only. Nova warns about anything
   * else beside file-backed memory, and refuses to start with the capacity or more.
   */
  reservedHostMemory?: pulumi.Input<Size>;
  /**
   * Whether guests must discard their memory when they stop instead of writing it to the store. Nova asks for it wherever
   * libvirt (4.4.0) and QEMU (2.10.0) have it: `"auto"` (default) warns where they do not, `"required"` refuses.
   */
  discard?: pulumi.Input<"auto" | "required">;
  /**
   * `"now"` (default): this resource restarts what it must, checks that Nova is up, and goes back if it is not.
   * `"deferred"`: a `ServiceActivation` that depends on this resource does so, once for all resources of the host. Without
   * one the restart stays outstanding, and every preview says so.
   */
  activation?: pulumi.Input<"now" | "deferred">;
  /**
   * Seconds that nova-compute may take to come up before the change is taken back: 10 to 86400. Default 300. A slow start
   * is waited for.
   */
  healthTimeoutSeconds?: pulumi.Input<number>;
  /**
   * As in `CloudArgs`. With `activation: "deferred"` the `ServiceActivation` does it and must say the same; said here, too,
   * guests that `"migrate"` moves away are no reason to refuse the change.
   *
   * @example "migrate"
   */
  drain?: pulumi.Input<"disable" | "migrate">;
}

/**
 * Makes Nova serve guest memory from files on one host: libvirt's file-backed memory, for more guest memory than RAM, or
 * for guests that share memory with the host (virtiofs).
 *
 * Sets `[libvirt] file_backed_memory`, and what Nova demands beside it, `[DEFAULT] ram_allocation_ratio = 1.0` and
 * `reserved_host_memory_mb`, in the file of nova-compute's configuration that decides today. Every other byte stays, and
 * destroying the resource takes exactly these lines back. The preview names files, lines and restarts, and refuses what
 * Nova, libvirt or the file system would refuse later.
 *
 * @example
 * ```ts
 * new FileBackedMemoryConfig("compute-1", {
 *     connection: { host: "compute-1.example.net", user: "deploy" },
 *     capacity: "1 TiB",
 * });
 * ```
 * With one restart for several resources of the host:
 * ```ts
 * const memory = new FileBackedMemoryConfig("compute-1", { connection, capacity: "1 TiB", activation: "deferred" });
 * new ServiceActivation("compute-1", { connection }, { dependsOn: memory });
 * ```
 */
export class FileBackedMemoryConfig extends HostResource {
  /** @internal */
  public static readonly __pulumiType = "pulumi-nodejs:dynamic/hostmem:FileBackedMemoryConfig";

  /** As declared, or what the host has if somebody changed it. */
  public readonly capacity!: pulumi.Output<Size | "auto">;
  /** The capacity in MiB, as placement's MEMORY_MB shows it. Known in a preview, also for "auto". */
  public readonly memoryMb!: pulumi.Output<number>;
  /** `[DEFAULT] ram_allocation_ratio` as nova-compute's files say it, null where they do not. */
  public readonly ramAllocationRatio!: pulumi.Output<number | null>;
  /** `[DEFAULT] reserved_host_memory_mb` as nova-compute's files say it. */
  public readonly reservedHostMemory!: pulumi.Output<Size>;
  /** `memory_backing_dir` as qemu.conf says it, where it was declared. */
  public readonly memoryBackingDir!: pulumi.Output<string | undefined>;

  constructor(name: string, args: FileBackedMemoryConfigArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "FileBackedMemoryConfig",
      name,
      args,
      ["memoryMb", "ramAllocationRatio", "reservedHostMemory", "memoryBackingDir"],
      options,
    );
  }
}
