import * as pulumi from "@pulumi/pulumi";
import { BackingStore, type BackingStoreArgs } from "./backingStore";
import { FileBackedMemoryConfig, type FileBackedMemoryConfigArgs } from "./fileBackedMemoryConfig";
import type { HostResource } from "./hostResource";
import { LiveMigrationConfig, type LiveMigrationConfigArgs } from "./liveMigrationConfig";
import type { CloudArgs } from "./openStack";
import { PageSizePolicy, type PageSizePolicyArgs } from "./pageSizePolicy";
import { PersistentMemory, type PersistentMemoryArgs } from "./persistentMemory";
import { ServiceActivation, type ServiceActivationArgs } from "./serviceActivation";
import { ordered } from "./turn";
import type { HostArgs } from "./types";

/**
 * What a `ComputeHost` takes. Everything of `HostArgs` holds for all its parts, all of `CloudArgs` for its configuration and
 * its activation.
 */
export interface ComputeHostArgs extends HostArgs, CloudArgs {
  /**
   * `project/stack/name` of another `ComputeHost` to take this host over from, part by part: a refusal names the part, which
   * is `NAME-backing-store`, `NAME-page-sizes`, `NAME-file-backed-memory`, `NAME-persistent-memory` or
   * `NAME-live-migration`. Its own stack must forget it (`pulumi state delete`). Resources that were no parts of a
   * `ComputeHost` are named to each part, by `transform`. Default: what others own is refused.
   *
   * @example "guest-memory/production/compute-1"
   */
  takeOverFrom?: pulumi.Input<string>;
  /** The store for guest memory. Default: none is made, and guests use what is mounted at libvirt's directory. */
  backingStore?: Omit<BackingStoreArgs, keyof HostArgs>;
  /** Page sizes that guests may have, and pools of huge pages. Default: both stay as they are. */
  pageSizes?: Omit<PageSizePolicyArgs, keyof HostArgs | "activation" | "healthTimeoutSeconds">;
  /**
   * Nova's and libvirt's settings. With a store, `memoryBackingDir` defaults to a directory in it: libvirt's own, where the
   * store is mounted at or above that, else the store's mount point. Whatever qemu.conf had is put back by a destroy.
   */
  fileBackedMemory?: Omit<
    FileBackedMemoryConfigArgs,
    keyof HostArgs | keyof CloudArgs | "activation" | "healthTimeoutSeconds"
  >;
  /** Namespaces of persistent memory, and Nova's setting for them. Default: both stay as they are. */
  persistentMemory?: Omit<PersistentMemoryArgs, keyof HostArgs | "activation" | "healthTimeoutSeconds">;
  /**
   * What the host is to live migration, for a `LiveMigrationGroup`, and Nova's post-copy option: `{}` for the former alone.
   * Default: the host is no member of any group.
   */
  liveMigration?: Omit<LiveMigrationConfigArgs, keyof HostArgs | "activation" | "healthTimeoutSeconds">;
  /** Seconds that nova-compute may take to come up before changes are taken back. Default 300. */
  healthTimeoutSeconds?: pulumi.Input<number>;
  /** Changes the arguments of a part just before it is made, for anything that has no property here. */
  transform?: {
    backingStore?: (args: BackingStoreArgs) => BackingStoreArgs;
    pageSizes?: (args: PageSizePolicyArgs) => PageSizePolicyArgs;
    fileBackedMemory?: (args: FileBackedMemoryConfigArgs) => FileBackedMemoryConfigArgs;
    persistentMemory?: (args: PersistentMemoryArgs) => PersistentMemoryArgs;
    liveMigration?: (args: LiveMigrationConfigArgs) => LiveMigrationConfigArgs;
    activation?: (args: ServiceActivationArgs) => ServiceActivationArgs;
  };
}

/**
 * One compute host, whole: the store, page sizes, the configuration, persistent memory, and one restart after all of them,
 * in the order in which a host can take them. Works for hosts that the same program creates: what is not known yet is
 * planned once it is.
 *
 * @example
 * ```ts
 * new ComputeHost("compute-1", {
 *     connection: { host: "compute-1.example.net", user: "deploy" },
 *     backingStore: { device: "/dev/disk/by-id/nvme-MT0032KEXUU_1234" },
 *     fileBackedMemory: { capacity: "auto" },
 * });
 * ```
 */
export class ComputeHost extends pulumi.ComponentResource {
  /** Undefined if none was declared. */
  public readonly backingStore: BackingStore | undefined;
  /** Undefined if none was declared. */
  public readonly pageSizes: PageSizePolicy | undefined;
  /** Undefined if none was declared. */
  public readonly fileBackedMemory: FileBackedMemoryConfig | undefined;
  /** Undefined if none was declared. */
  public readonly persistentMemory: PersistentMemory | undefined;
  /** Undefined if none was declared. */
  public readonly liveMigration: LiveMigrationConfig | undefined;
  public readonly activation: ServiceActivation;
  /** Memory that the host offers to guests, in MiB: placement's MEMORY_MB. Known in a preview. */
  public readonly memoryMb: pulumi.Output<number> | undefined;

  constructor(name: string, args: ComputeHostArgs, options?: pulumi.ComponentResourceOptions) {
    super("hostmem:index:ComputeHost", name, {}, ordered(options));
    const {
      backingStore,
      pageSizes,
      fileBackedMemory,
      persistentMemory,
      liveMigration,
      healthTimeoutSeconds,
      takeOverFrom,
      openstack,
      drain,
      drainTimeoutSeconds,
      transform = {},
      ...host
    } = args;
    const cloud = given({ openstack, drain, drainTimeoutSeconds });
    const storeArgs = backingStore && (transform.backingStore ?? same)({ ...common("backing-store"), ...backingStore });

    this.backingStore = createStore(this);
    this.pageSizes = createPageSizes(this);
    this.fileBackedMemory = createConfiguration(this);
    this.persistentMemory = createPersistentMemory(this);
    this.liveMigration = createLiveMigration(this);
    this.activation = createActivation(this);
    this.memoryMb = this.fileBackedMemory?.memoryMb;
    this.registerOutputs({ memoryMb: this.memoryMb });

    function createStore(parent: ComputeHost): BackingStore | undefined {
      return storeArgs && new BackingStore(`${name}-backing-store`, storeArgs, { parent });
    }

    function createPageSizes(parent: ComputeHost): PageSizePolicy | undefined {
      if (!pageSizes) return undefined;
      const policyArgs = (transform.pageSizes ?? same)({
        ...common("page-sizes"),
        ...pageSizes,
        activation: "deferred",
      });
      return new PageSizePolicy(`${name}-page-sizes`, policyArgs, { parent });
    }

    function createConfiguration(parent: ComputeHost): FileBackedMemoryConfig | undefined {
      if (!fileBackedMemory) return undefined;
      const directory = fileBackedMemory.memoryBackingDir ?? (storeArgs && directoryIn(storeArgs.mountPoint));
      const configArgs = (transform.fileBackedMemory ?? same)({
        ...common("file-backed-memory"),
        ...cloud,
        ...fileBackedMemory,
        ...(directory === undefined ? {} : { memoryBackingDir: directory }),
        activation: "deferred",
      });
      const dependsOn = [parent.backingStore, parent.pageSizes].filter((part) => part !== undefined);
      return new FileBackedMemoryConfig(`${name}-file-backed-memory`, configArgs, { parent, dependsOn });
    }

    function createPersistentMemory(parent: ComputeHost): PersistentMemory | undefined {
      if (!persistentMemory) return undefined;
      const memoryArgs = (transform.persistentMemory ?? same)({
        ...common("persistent-memory"),
        ...persistentMemory,
        activation: "deferred",
      });
      const dependsOn = [parent.pageSizes, parent.fileBackedMemory].filter((part) => part !== undefined);
      return new PersistentMemory(`${name}-persistent-memory`, memoryArgs, { parent, dependsOn });
    }

    function createLiveMigration(parent: ComputeHost): LiveMigrationConfig | undefined {
      if (!liveMigration) return undefined;
      const migrationArgs = (transform.liveMigration ?? same)({
        ...common("live-migration"),
        ...liveMigration,
        activation: "deferred",
      });
      return new LiveMigrationConfig(`${name}-live-migration`, migrationArgs, { parent, dependsOn: partsOf(parent) });
    }

    function createActivation(parent: ComputeHost): ServiceActivation {
      const activationArgs = (transform.activation ?? same)({
        ...common("activation"),
        ...cloud,
        ...(healthTimeoutSeconds === undefined ? {} : { healthTimeoutSeconds }),
      });
      return new ServiceActivation(`${name}-activation`, activationArgs, { parent, dependsOn: partsOf(parent) });
    }

    /** All parts that were made so far. */
    function partsOf(made: ComputeHost): HostResource[] {
      const { backingStore, pageSizes, fileBackedMemory, persistentMemory, liveMigration } = made;
      const parts = [backingStore, pageSizes, fileBackedMemory, persistentMemory, liveMigration];
      return parts.filter((part) => part !== undefined);
    }

    /** What every part takes: all of the host's own, and whom this part is taken over from. */
    function common(part: string): HostArgs {
      return takeOverFrom === undefined
        ? host
        : { ...host, takeOverFrom: map(takeOverFrom, (from) => `${from}-${part}`) };
    }
  }
}

/** libvirt's own default of `memory_backing_dir`, see qemu.conf. */
const libvirtDirectory = "/var/lib/libvirt/qemu/ram";

/**
 * Where libvirt is to put guests' memory so that it is in the store. Its own directory is named, too: nothing is written
 * where that holds already, and a directory that qemu.conf has would leave the store unused.
 */
function directoryIn(mountPoint: pulumi.Input<string> = libvirtDirectory): pulumi.Input<string> {
  return map(
    mountPoint,
    (path) => (`${libvirtDirectory}/`.startsWith(`${path}/`) ? libvirtDirectory : path),
    libvirtDirectory,
  );
}

/** An output that is undefined is a property that was left out; its type cannot say so. */
function map(input: pulumi.Input<string>, change: (text: string) => string, otherwise?: string): pulumi.Input<string> {
  if (typeof input === "string") return change(input);
  const changed = pulumi
    .output(input)
    .apply((text: string | undefined) => (text === undefined ? otherwise : change(text)));
  return changed as pulumi.Output<string>;
}

/** Without what was left out. */
function given(args: { [Name in keyof CloudArgs]: CloudArgs[Name] | undefined }): CloudArgs {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)) as CloudArgs;
}

function same<T>(args: T): T {
  return args;
}
