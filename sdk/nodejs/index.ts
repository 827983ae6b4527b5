export { BackingStore, type BackingStoreArgs } from "./backingStore";
export { ComputeHost, type ComputeHostArgs } from "./computeHost";
export { FileBackedMemoryConfig, type FileBackedMemoryConfigArgs } from "./fileBackedMemoryConfig";
export { HostResource } from "./hostResource";
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
export { ServiceActivation, type ServiceActivationArgs } from "./serviceActivation";
export type { Become, BecomeArgs, ConnectionArgs, Hazard, HostArgs, Size } from "./types";
