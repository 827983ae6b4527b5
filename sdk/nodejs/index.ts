export { BackingStore, type BackingStoreArgs } from "./backingStore";
export { ComputeHost, type ComputeHostArgs } from "./computeHost";
export type { Duration } from "./duration";
export { FileBackedMemoryConfig, type FileBackedMemoryConfigArgs } from "./fileBackedMemoryConfig";
export { HostResource } from "./hostResource";
export {
  LiveMigrationConfig,
  type LiveMigrationConfigArgs,
  type MigrationProfile,
  type PmemOffer,
} from "./liveMigrationConfig";
export {
  type GroupMember,
  type GuestPassage,
  type GuestPreflight,
  LiveMigrationGroup,
  type LiveMigrationGroupArgs,
  type MigratingGuests,
  type MigrationClass,
  type MigrationVerdict,
} from "./liveMigrationGroup";
export type { CloudArgs, OpenStackArgs } from "./openStack";
export {
  type AllowedPageSizes,
  type PageSize,
  type PageSizeGap,
  PageSizePolicy,
  type PageSizePolicyArgs,
  type PoolArgs,
  type SchedulerRules,
} from "./pageSizePolicy";
export { type NamespaceArgs, PersistentMemory, type PersistentMemoryArgs } from "./persistentMemory";
export { type DeclaredHost, type HostDeclaration, type RolloutOptions, rollout } from "./rollout";
export { ServiceActivation, type ServiceActivationArgs } from "./serviceActivation";
export type { Become, BecomeArgs, ConnectionArgs, Hazard, HostArgs, InstallationArgs, Size } from "./types";
