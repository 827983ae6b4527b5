import { Secret } from "../transport/secret";
import type { Credential, Domain, Interface, Named, OpenStackAccess, Scope } from "./access";
import { CloudError } from "./errors";

/**
 * Settings of one cloud under the names of clouds.yaml, with those of its `auth` on the same level. Every value is text, as
 * it is in environment variables.
 */
export type Settings = Readonly<Record<string, string>>;

/** Settings that a program, a file or the environment may have; the rest of a clouds.yaml is of no concern here. */
export const settingNames = [
  "auth_type",
  "auth_url",
  "username",
  "user_id",
  "password",
  "user_domain_id",
  "user_domain_name",
  "token",
  "application_credential_id",
  "application_credential_name",
  "application_credential_secret",
  "project_id",
  "project_name",
  "project_domain_id",
  "project_domain_name",
  "domain_id",
  "domain_name",
  "default_domain_id",
  "default_domain_name",
  "system_scope",
  "region_name",
  "interface",
  "verify",
  "insecure",
  "cacert",
  "cert",
  "key",
  "compute_endpoint_override",
  "placement_endpoint_override",
] as const;
export type SettingName = (typeof settingNames)[number];

/** Settings whose values are never shown. */
export const secretSettings: readonly string[] = ["password", "token", "application_credential_secret"];

/** What was read, and where. */
export interface FoundSettings {
  settings: Settings;
  /** The cloud's name; undefined if it has none. */
  name: string | undefined;
  /** Where they are from, as in `/etc/openstack/clouds.yaml`. */
  source: string;
}

/**
 * Makes access of settings, as openstacksdk does, but for what it would guess.
 *
 * @throws CloudError of kind settings, with the first thing that is missing or wrong.
 */
export function accessFrom({ settings, name: given, source }: FoundSettings): OpenStackAccess {
  const name = given ?? hostOf(settings["auth_url"]) ?? "openstack";
  const refuse = (problem: string, advice: string): never => {
    throw new CloudError("settings", name, `${source}: ${problem}`, advice);
  };
  const credential = credentialFrom(settings, refuse);
  return {
    name,
    source,
    authUrl: authUrlFrom(settings["auth_url"], refuse),
    credential,
    scope: credential.method === "application_credential" ? undefined : scopeFrom(settings, refuse),
    region: settings["region_name"],
    interface: interfaceFrom(settings["interface"], refuse),
    tls: {
      verify: !isYes(settings["insecure"]) && !isNo(settings["verify"]),
      cacertFile: settings["cacert"],
      certFile: settings["cert"],
      keyFile: settings["key"],
    },
    endpoints: {
      ...endpoint("compute", settings["compute_endpoint_override"], refuse),
      ...endpoint("placement", settings["placement_endpoint_override"], refuse),
    },
  };
}

type Refuse = (problem: string, advice: string) => never;

/** Names of the ways that openstacksdk calls by different names. */
const methods: Record<string, Credential["method"]> = {
  password: "password",
  v3password: "password",
  token: "token",
  v3token: "token",
  v3applicationcredential: "application_credential",
};

function credentialFrom(settings: Settings, refuse: Refuse): Credential {
  const method = methodFrom(settings, refuse);
  const secretOf = (name: SettingName) => new Secret(settings[name] ?? refuse(`${name} is missing`, `set ${name}`));
  if (method === "token") return { method, token: secretOf("token") };
  if (method === "password") return { method, user: userFrom(settings, refuse), password: secretOf("password") };
  const secret = secretOf("application_credential_secret");
  const id = settings["application_credential_id"];
  if (id !== undefined) return { method, id, secret };
  const name =
    settings["application_credential_name"] ??
    refuse("application_credential_id is missing", "set it, or application_credential_name and whose it is");
  return { method, name, user: userFrom(settings, refuse), secret };
}

function methodFrom(settings: Settings, refuse: Refuse): Credential["method"] {
  const type = settings["auth_type"];
  // "password" is what openstacksdk assumes where nothing is said, so it does not outweigh what there is.
  if (type !== undefined && methods[type] !== "password") {
    return (
      methods[type] ??
      refuse(
        `auth_type ${type} needs more than this provider can do`,
        "make an application credential with `openstack application credential create` and use that",
      )
    );
  }
  if (settings["password"] !== undefined) return "password";
  if (settings["application_credential_secret"] !== undefined) return "application_credential";
  if (settings["token"] !== undefined) return "token";
  return refuse(
    "there is no credential",
    "set application_credential_id and application_credential_secret, or username and password, or token",
  );
}

function userFrom(settings: Settings, refuse: Refuse): Named {
  const id = settings["user_id"];
  if (id !== undefined) return { id };
  const name = settings["username"] ?? refuse("username is missing", "set username, or user_id");
  const domain = domainFrom(settings, "user_domain") ?? domainFrom(settings, "domain");
  return { name, domain: domain ?? refuse("user_domain_name is missing", 'set it; of most clouds it is "Default"') };
}

function scopeFrom(settings: Settings, refuse: Refuse): Scope | undefined {
  const system = settings["system_scope"];
  if (system !== undefined)
    return system === "all" ? { system } : refuse(`system_scope is ${system}`, 'the only one is "all"');
  const id = settings["project_id"];
  if (id !== undefined) return { project: { id } };
  const name = settings["project_name"];
  if (name !== undefined) {
    const domain = domainFrom(settings, "project_domain") ?? domainFrom(settings, "domain");
    const missing = () => refuse("project_domain_name is missing", 'set it; of most clouds it is "Default"');
    return { project: { name, domain: domain ?? missing() } };
  }
  const domain = namedDomain(settings, "domain");
  return domain && { domain };
}

/** A domain as it is named for users or projects, or for anything that has none. */
function domainFrom(settings: Settings, prefix: "user_domain" | "project_domain" | "domain"): Domain | undefined {
  return namedDomain(settings, prefix) ?? namedDomain(settings, "default_domain");
}

function namedDomain(settings: Settings, prefix: string): Domain | undefined {
  const id = settings[`${prefix}_id`];
  if (id !== undefined) return { id };
  const name = settings[`${prefix}_name`];
  return name === undefined ? undefined : { name };
}

/** Keystone's third version is the only one left; clouds name it, or the root that all versions share. */
function authUrlFrom(text: string | undefined, refuse: Refuse): string {
  if (text === undefined) return refuse("auth_url is missing", "set it to the URL of keystone, as in a catalog");
  const url = urlFrom("auth_url", text, refuse);
  const path = url.pathname.replace(/\/+$/, "").replace(/\/v2\.0$/, "");
  url.pathname = path.endsWith("/v3") ? path : `${path}/v3`;
  return url.href;
}

function endpoint(service: string, text: string | undefined, refuse: Refuse): Record<string, string> {
  return text === undefined ? {} : { [service]: urlFrom(`${service}_endpoint_override`, text, refuse).href };
}

/** The value itself is not shown: somebody may have put a credential into it. */
function urlFrom(name: string, text: string, refuse: Refuse): URL {
  const advice = "set it to something like https://cloud.example.net:5000/v3";
  if (!URL.canParse(text)) return refuse(`${name} is no URL`, advice);
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return refuse(`${name} is no HTTP URL`, advice);
  if (url.username !== "" || url.password !== "") return refuse(`${name} has a credential in it`, "take that out");
  url.search = "";
  url.hash = "";
  return url;
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname || undefined : undefined;
}

function interfaceFrom(text: string | undefined, refuse: Refuse): Interface {
  // "publicURL" is what version 2 of keystone called it, and OS_ENDPOINT_TYPE often still does.
  const found = (["public", "internal", "admin"] as const).find((each) => text === each || text === `${each}URL`);
  if (text === undefined) return "public";
  return found ?? refuse(`interface is ${text}`, "set it to public, internal or admin");
}

/** YAML 1.1, which PyYAML reads, has these words for true and false. */
function isYes(text: string | undefined): boolean {
  return /^(true|yes|on)$/i.test(text ?? "");
}

function isNo(text: string | undefined): boolean {
  return /^(false|no|off)$/i.test(text ?? "");
}
