import type { Inputs } from "../inputs/problem";
import type { OpenStackAccess } from "./access";
import { type CloudFiles, findSettings } from "./clouds";
import { accessFrom, type SettingName, type Settings, secretSettings } from "./settings";

/** What a program says of its cloud; the rest is looked up where this machine's other clients look. */
export interface OpenStackInput {
  /** Name of a cloud in clouds.yaml. */
  cloud: string | undefined;
  settings: Settings;
}

/**
 * Properties under the names that `@pulumi/openstack` gives them in its provider's arguments, so that one object serves
 * both, and today's names of what it calls tenants.
 */
const textProperties = {
  authUrl: "auth_url",
  region: "region_name",
  userName: "username",
  userId: "user_id",
  password: "password",
  userDomainName: "user_domain_name",
  userDomainId: "user_domain_id",
  token: "token",
  applicationCredentialId: "application_credential_id",
  applicationCredentialName: "application_credential_name",
  applicationCredentialSecret: "application_credential_secret",
  projectName: "project_name",
  projectId: "project_id",
  tenantName: "project_name",
  tenantId: "project_id",
  projectDomainName: "project_domain_name",
  projectDomainId: "project_domain_id",
  domainName: "domain_name",
  domainId: "domain_id",
  defaultDomain: "default_domain_id",
  endpointType: "interface",
  cacertFile: "cacert",
  cert: "cert",
  key: "key",
} as const satisfies Record<string, SettingName>;

const example = '"production", { cloud: "production" } or { authUrl: "https://cloud.example.net:5000/v3", … }';

/** Reads the `openstack` property: the name of a cloud, or an object. No value of it is ever shown. */
export function readOpenStack(parent: Inputs, name = "openstack"): OpenStackInput | undefined {
  if (!parent.has(name)) return undefined;
  if (typeof parent.raw(name) === "string") return { cloud: parent.text(name), settings: {} };
  const inputs = parent.object(name, example, true);
  if (!inputs) return undefined;
  inputs.rejectUnknown(["cloud", ...Object.keys(textProperties), "systemScope", "insecure", "endpointOverrides"]);
  const settings: Record<string, string> = {};
  for (const [property, setting] of Object.entries(textProperties)) {
    const value = inputs.text(property);
    if (value === undefined) continue;
    if (settings[setting] !== undefined) inputs.problem(property, "says the same as another property; leave one out");
    settings[setting] = value;
  }
  if (inputs.flag("systemScope")) settings["system_scope"] = "all";
  const insecure = inputs.flag("insecure");
  if (insecure !== undefined) settings["insecure"] = String(insecure);
  const overrides = inputs.object("endpointOverrides", '{ placement: "https://cloud.example.net:8778" }');
  for (const service of ["compute", "placement"]) {
    const url = overrides?.text(service);
    if (url !== undefined) settings[`${service}_endpoint_override`] = url;
  }
  overrides?.rejectUnknown(["compute", "placement"]);
  const cloud = inputs.text("cloud");
  if (cloud !== undefined && settings["auth_url"] !== undefined)
    inputs.problem("cloud", "must be left out beside authUrl: both say which cloud it is");
  return { cloud, settings };
}

/**
 * All that is needed to speak with the cloud: what the program says, over what is found for that cloud.
 *
 * @param files called only if they are needed.
 * @throws CloudError of kind settings.
 */
export function openStackAccess(
  input: OpenStackInput,
  environment: Readonly<Record<string, string | undefined>>,
  files: () => CloudFiles,
): OpenStackAccess {
  const { cloud, settings } = input;
  if (settings["auth_url"] !== undefined) return accessFrom({ settings, name: undefined, source: "openstack" });
  const found = findSettings({ cloud, region: settings["region_name"] }, environment, files);
  return accessFrom({ ...found, settings: { ...withoutOtherSecret(found.settings, settings), ...settings } });
}

/** A program's own credential is meant to be used, and not one that the file has of another kind. */
function withoutOtherSecret(found: Settings, given: Settings): Settings {
  if (!secretSettings.some((name) => given[name] !== undefined)) return found;
  return Object.fromEntries(
    Object.entries(found).filter(([name]) => name !== "auth_type" && !secretSettings.includes(name)),
  );
}
