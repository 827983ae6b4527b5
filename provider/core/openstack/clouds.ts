import { parseDocument } from "yaml";
import { CloudError } from "./errors";
import { type FoundSettings, type Settings, settingNames } from "./settings";

/** A file with settings, as it was read. */
export interface CloudFile {
  path: string;
  text: string;
}

/** The files that openstacksdk would read; those that are not there are undefined. */
export interface CloudFiles {
  clouds: CloudFile | undefined;
  /** Secrets, apart from the rest; has the same structure. */
  secure: CloudFile | undefined;
  /** Clouds of providers, which others refer to by `profile`. */
  vendors: CloudFile | undefined;
}

type Mapping = Record<string, unknown>;

/** What to look for: a cloud of files by its name, a region of it. */
export interface Wanted {
  cloud: string | undefined;
  region: string | undefined;
}

/**
 * Chooses a cloud as openstacksdk does: the one that is named, else OS_CLOUD, else what the OS_* variables say, else the only
 * one of clouds.yaml.
 *
 * @param readFiles called only if they decide.
 * @throws CloudError of kind settings.
 */
export function findSettings(
  wanted: Wanted,
  environment: Readonly<Record<string, string | undefined>>,
  readFiles: () => CloudFiles,
): FoundSettings {
  const name = wanted.cloud ?? (environment["OS_CLOUD"] || undefined);
  const fromEnvironment = environmentSettings(environment);
  if (name === undefined && fromEnvironment) {
    return { settings: fromEnvironment, name: undefined, source: "OS_* variables of the environment" };
  }
  const files = readFiles();
  const clouds = mergedClouds(files);
  const only = Object.keys(clouds);
  const chosen = name ?? (only.length === 1 ? only[0] : undefined);
  if (chosen === undefined) throw noCloud(only, files);
  const cloud = mappingOf(clouds[chosen]);
  const source = files.clouds?.path ?? "clouds.yaml";
  if (!cloud) throw unknownCloud(chosen, only, files);
  return { settings: regional(withVendor(cloud, chosen, files), wanted.region, chosen, source), name: chosen, source };
}

/** Variables that choose a cloud or change how this machine's tools behave, and say nothing about a cloud. */
const selectors = /^OS_(CLOUD|REGION_NAME|CLIENT_CONFIG_FILE|CLIENT_SECURE_FILE|CLOUD_NAME|TEST.*|STD.*|LOG.*)$/;

function environmentSettings(environment: Readonly<Record<string, string | undefined>>): Settings | undefined {
  const given = Object.entries(environment).filter(([name, value]) => name.startsWith("OS_") && value);
  if (given.every(([name]) => selectors.test(name))) return undefined;
  return flat(Object.fromEntries(given.map(([name, value]) => [name.slice("OS_".length).toLowerCase(), value])));
}

function mergedClouds(files: CloudFiles): Mapping {
  return merge(cloudsOf(files.clouds), cloudsOf(files.secure));
}

function cloudsOf(file: CloudFile | undefined): Mapping {
  return mappingOf(file && mappingOf(parse(file))?.["clouds"]) ?? {};
}

/**
 * Reads every value as the text that stands there: a password of digits stays one. YAML's own error messages quote the
 * line that they complain about, which may have a secret on it.
 */
function parse(file: CloudFile): unknown {
  const document = parseDocument(file.text, {
    schema: "failsafe",
    merge: true,
    prettyErrors: true,
    logLevel: "silent",
  });
  const [error] = document.errors;
  const line = error?.linePos?.[0].line;
  if (error) throw unreadable(file.path, line === undefined ? "" : ` (line ${line}: ${error.code})`);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw unreadable(file.path, " (too many aliases)");
  }
}

function unreadable(path: string, where: string): CloudError {
  return new CloudError("settings", "openstack", `${path} is no YAML${where}`, "mend it, or remove it");
}

/** As openstacksdk merges: mappings within mappings too, and what comes later wins. */
function merge(below: Mapping, above: Mapping): Mapping {
  const merged = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const [one, other] = [mappingOf(merged[name]), mappingOf(value)];
    merged[name] = one && other ? merge(one, other) : value;
  }
  return merged;
}

/** `profile`, which was called `cloud` once, names settings that several clouds share. */
function withVendor(cloud: Mapping, name: string, files: CloudFiles): Mapping {
  const profile = cloud["profile"] ?? cloud["cloud"];
  if (profile === undefined || profile === "") return cloud;
  const known = mappingOf(files.vendors && mappingOf(parse(files.vendors))?.["public-clouds"]) ?? {};
  const vendor = mappingOf(known[String(profile)]);
  if (vendor) return merge(vendor, cloud);
  if (flat(cloud)["auth_url"] !== undefined) return cloud;
  throw new CloudError(
    "settings",
    name,
    `${files.clouds?.path}: profile ${String(profile)} is in no clouds-public.yaml`,
    "write the cloud's auth_url and region_name into clouds.yaml itself",
  );
}

/** A cloud may have settings for each of its regions; without a choice the first one counts. */
function regional(cloud: Mapping, wanted: string | undefined, name: string, source: string): Settings {
  const listed = cloud["regions"] ?? String(cloud["region_name"] ?? "").split(",");
  const regions = (Array.isArray(listed) ? listed : [listed])
    .map((each) => (mappingOf(each) ? mappingOf(each)! : { name: String(each).trim() }))
    .filter((each) => each["name"]);
  const region = wanted === undefined ? regions[0] : regions.find((each) => each["name"] === wanted);
  if (!region && wanted !== undefined && regions.length > 0) {
    const known = regions.map((each) => String(each["name"])).join(", ");
    throw new CloudError("settings", name, `${source}: region ${wanted} is not one of ${known}`, "name one of these");
  }
  const values = mappingOf(region?.["values"]) ?? {};
  const settings = flat(merge(cloud, values));
  const regionName = (region?.["name"] as string | undefined) ?? wanted;
  return regionName === undefined ? settings : { ...settings, region_name: regionName };
}

/** Older names of the same settings. */
const olderNames: Record<string, string> = {
  user_name: "username",
  tenant_id: "project_id",
  tenant_name: "project_name",
  auth_token: "token",
  auth_plugin: "auth_type",
  endpoint_type: "interface",
  compute_endpoint: "compute_endpoint_override",
  placement_endpoint: "placement_endpoint_override",
};

/** Where a setting is both in `auth` and beside it, openstacksdk takes these from beside it. */
const strongerBeside = /^(user_domain|project_domain|domain|project|tenant)_(id|name)$|^token$/;

/** Settings of a cloud on one level, under one name each, without those that are left empty. */
function flat(cloud: Mapping): Settings {
  const beside = normal(cloud);
  const auth = normal(mappingOf(cloud["auth"]) ?? {});
  const settings: Record<string, string> = {};
  for (const name of settingNames) {
    const value = strongerBeside.test(name) ? (beside[name] ?? auth[name]) : (auth[name] ?? beside[name]);
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

function normal(mapping: Mapping): Record<string, string> {
  const named = Object.entries(mapping).map(([name, value]) => [name.replaceAll("-", "_"), value] as const);
  const texts = named.filter((each): each is [string, string] => isSaid(each[1]));
  const current = texts.filter(([name]) => olderNames[name] === undefined);
  const older = texts.flatMap(([name, value]) => (olderNames[name] === undefined ? [] : [[olderNames[name], value]]));
  return Object.fromEntries([...older, ...current]);
}

/** YAML's null, in the spellings that it has, says nothing. */
function isSaid(value: unknown): value is string {
  return typeof value === "string" && !/^(|~|null|Null|NULL)$/.test(value);
}

function mappingOf(value: unknown): Mapping | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Mapping) : undefined;
}

function noCloud(known: readonly string[], files: CloudFiles): CloudError {
  const problem = files.clouds
    ? `${files.clouds.path} has ${known.length === 0 ? "no cloud" : `the clouds ${known.join(", ")}`}, and none is chosen`
    : "there is no clouds.yaml (here, in ~/.config/openstack, in /etc/openstack), and no OS_* variable is set";
  const advice =
    known.length === 0 ? "set openstack.authUrl and a credential" : "name one: openstack.cloud, or OS_CLOUD";
  return new CloudError("settings", "openstack", problem, advice);
}

function unknownCloud(name: string, known: readonly string[], files: CloudFiles): CloudError {
  const where = files.clouds ? `${files.clouds.path} has no cloud of that name` : "there is no clouds.yaml";
  const advice = files.clouds
    ? `name one of: ${known.join(", ") || "(it has none)"}`
    : "write it to ./, ~/.config/openstack or /etc/openstack, or set openstack.authUrl";
  return new CloudError("settings", name, where, advice);
}
