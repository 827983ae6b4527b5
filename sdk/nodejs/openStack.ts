import * as pulumi from "@pulumi/pulumi";

/**
 * How to reach OpenStack's APIs, in the names of `@pulumi/openstack`'s `ProviderArgs`. What is left out is looked up as
 * openstacksdk does: in clouds.yaml and secure.yaml, else in OS_* variables.
 *
 * The whole object is a secret in Pulumi's state. Best is to give the name of a cloud only: then state has no credential.
 *
 * @example
 * { cloud: "production", region: "RegionOne" }
 */
export interface OpenStackArgs {
  /** Name of a cloud in clouds.yaml. Default: OS_CLOUD, else OS_* variables, else the only cloud of the file. */
  cloud?: pulumi.Input<string>;
  /** Keystone's URL, instead of what a file says. */
  authUrl?: pulumi.Input<string>;
  /** Region of the host. Needed where the catalog has several. */
  region?: pulumi.Input<string>;
  /** Id of an application credential, the best way in: it can be revoked by itself. */
  applicationCredentialId?: pulumi.Input<string>;
  /** Its name, beside whose it is. */
  applicationCredentialName?: pulumi.Input<string>;
  /** Its secret. */
  applicationCredentialSecret?: pulumi.Input<string>;
  /** Name of a user. */
  userName?: pulumi.Input<string>;
  /** Id of a user, instead of name and domain. */
  userId?: pulumi.Input<string>;
  /** The user's password. */
  password?: pulumi.Input<string>;
  /** Domain of the user, by name. */
  userDomainName?: pulumi.Input<string>;
  /** Domain of the user, by id. */
  userDomainId?: pulumi.Input<string>;
  /** A token that somebody else got. It ends with its time, so that a later destroy may lack it. */
  token?: pulumi.Input<string>;
  /** Project to speak for, by name. Nova and placement want the role admin there. */
  projectName?: pulumi.Input<string>;
  /** Project to speak for, by id. */
  projectId?: pulumi.Input<string>;
  /** Former name of `projectName`. */
  tenantName?: pulumi.Input<string>;
  /** Former name of `projectId`. */
  tenantId?: pulumi.Input<string>;
  /** Domain of the project, by name. */
  projectDomainName?: pulumi.Input<string>;
  /** Domain of the project, by id. */
  projectDomainId?: pulumi.Input<string>;
  /** Domain of user and project where they have none of their own, by name. */
  domainName?: pulumi.Input<string>;
  /** Domain of user and project where they have none of their own, by id. */
  domainId?: pulumi.Input<string>;
  /** Domain, by id, where nothing else names one. */
  defaultDomain?: pulumi.Input<string>;
  /** Speaks for the whole deployment instead of a project. Default false. */
  systemScope?: pulumi.Input<boolean>;
  /** Endpoints to use: "public" (default), "internal" or "admin". */
  endpointType?: pulumi.Input<string>;
  /** URLs of services, instead of the catalog's. */
  endpointOverrides?: pulumi.Input<{ compute?: pulumi.Input<string>; placement?: pulumi.Input<string> }>;
  /** Takes any certificate. Default false. */
  insecure?: pulumi.Input<boolean>;
  /** File with the authority of the cloud's certificates. Default: those that Node.js trusts. */
  cacertFile?: pulumi.Input<string>;
  /** File with a certificate of our own. */
  cert?: pulumi.Input<string>;
  /** File with its key. */
  key?: pulumi.Input<string>;
}

/** What a resource takes that has to do with the cloud of its host. */
export interface CloudArgs {
  /**
   * The cloud that the host is in: a name in clouds.yaml, or an object. With it, a preview also asks Nova and placement, and
   * refuses a host in an aggregate with another `ram_allocation_ratio` than 1.0, a capacity below what guests hold in
   * placement, and computes older than Rocky; an update waits until placement says what nova-compute must have reported
   * (MEMORY_MB, its ratio, and from Nova 31 on the trait COMPUTE_MEM_BACKING_FILE), and is taken back where it never does; a
   * destroy puts the former ratio back.
   * Default: no API is asked.
   *
   * @example "production"
   */
  openstack?: pulumi.Input<string | OpenStackArgs>;
  /**
   * What is done before nova-compute restarts: `"disable"` disables it in Nova, with a reason, so that no guest is put on the
   * host meanwhile; `"migrate"` also live migrates the guests that run there, one after the other, and lets the restart
   * begin only once none is left. It is enabled again after that, also where the restart failed; if the run is killed, by
   * the next one. One that somebody else has disabled stays so. Default: neither.
   *
   * @example "migrate"
   */
  drain?: pulumi.Input<"disable" | "migrate">;
  /** Seconds that guests may take to move away before the host is left as it was: 10 to 604800. Default 3600. */
  drainTimeoutSeconds?: pulumi.Input<number>;
}

/** The name of a cloud is no secret; anything else may hold one. */
export function secretUnlessName(openstack: CloudArgs["openstack"]): CloudArgs["openstack"] {
  return openstack === undefined || typeof openstack === "string" ? openstack : pulumi.secret(openstack);
}
