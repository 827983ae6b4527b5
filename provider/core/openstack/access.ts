import type { Secret } from "../transport/secret";

/** A domain of keystone, by one of its two names. */
export type Domain = { id: string } | { name: string };

/** Something in a domain; an id needs none. */
export type Named = { id: string } | { name: string; domain: Domain };

/** How to prove to keystone who asks. */
export type Credential =
  | { method: "password"; user: Named; password: Secret }
  | { method: "token"; token: Secret }
  | { method: "application_credential"; id: string; secret: Secret }
  | { method: "application_credential"; name: string; user: Named; secret: Secret };

/** What a token is for. Administrators of a whole cloud may have one for the `system`. */
export type Scope = { project: Named } | { domain: Domain } | { system: "all" };

export type Interface = "public" | "internal" | "admin";

/** Everything needed to speak with one cloud, checked, with defaults filled in. */
export interface OpenStackAccess {
  /** What messages call the cloud: its name in clouds.yaml, or the host name of its keystone. */
  name: string;
  /** Where these settings are from, for advice: a file, environment variables, the program. */
  source: string;
  /** Keystone's URL with the version, as in `https://keystone.example.net:5000/v3`. */
  authUrl: string;
  credential: Credential;
  /** Undefined leaves it to the credential, or to the user's default project. */
  scope: Scope | undefined;
  /** Undefined is fine where the catalog has one region only. */
  region: string | undefined;
  interface: Interface;
  tls: Tls;
  /** URLs that are used instead of the catalog's. */
  endpoints: { compute?: string; placement?: string };
}

/** How a cloud's certificate is checked, and which one we show. Paths of files on this machine. */
export interface Tls {
  verify: boolean;
  cacertFile: string | undefined;
  certFile: string | undefined;
  keyFile: string | undefined;
}
