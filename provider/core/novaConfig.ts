import { nameInLine } from "./confidential";
import type { HostFacts } from "./facts/hostFacts";
import { fileLimit } from "./facts/sections";
import { textOf } from "./files/bytes";
import {
  configSources,
  type Effective,
  effective,
  effectiveMulti,
  type OsloFile,
  parseOsloFile,
} from "./files/osloConfig";

/** nova-compute's configuration on one host, as oslo.config puts it together. */
export interface NovaConfig {
  /** In parse order: the last one that sets an option counts. */
  files: OsloFile[];
  /** Why nova-compute could not even read it. */
  failure: string | undefined;
  /** What sets an option, undefined where its default counts. */
  get(section: string, option: string): Effective | undefined;
  /** Every entry of an option that may be given several times, in parse order. */
  all(section: string, option: string): Effective[];
}

/** @param text gives a file's content; the facts' own unless planned changes are to be reckoned in. */
export function readNovaConfig(
  facts: HostFacts,
  text: (path: string) => string | undefined = (path) => facts.files.get(path)?.text,
): NovaConfig {
  const nova = facts.novaCompute;
  if (!nova)
    return { files: [], failure: "no nova-compute service was found on the host", get: () => undefined, all: () => [] };
  const paths = [...facts.files.keys()];
  const sources = configSources({
    args: nova.args,
    home: nova.home,
    exists: (path) => facts.files.has(path),
    listDirectory: (path) =>
      paths.filter((each) => each.startsWith(`${path}/`)).map((each) => each.slice(path.length + 1)),
    distributionFiles: facts.files.has("/usr/share/nova/nova-dist.conf"),
  });
  const files = sources.paths
    .filter((path) => facts.files.get(path)?.isRegular)
    .map((path) => parseOsloFile(path, text(path) ?? ""));
  const broken = files.find((file) => file.failure);
  const large = sources.paths.find((path) => facts.files.get(path)?.tooLarge);
  const environment = nova.environment;
  return {
    files,
    failure:
      sources.failure ??
      (large && `${large} is larger than ${fileLimit / 1024 ** 2} MiB, which no configuration should be`) ??
      (broken && brokenLine(broken.path, broken.failure!)),
    get: (section, option) => effective(files, section, option, { environment, options: {} }),
    all: (section, option) => effectiveMulti(files, section, option, { environment, options: {} }),
  };
}

function brokenLine(path: string, { line, reason, text }: NonNullable<OsloFile["failure"]>): string {
  const name = nameInLine(text);
  return `${path} line ${line}: ${reason}${name === undefined ? "" : ` (${name})`}`;
}

/** By what name Nova knows a host: `[DEFAULT] host`, else what it is called (nova/conf/netconf.py). */
export function novaHostName(facts: HostFacts): string {
  return textOf(readNovaConfig(facts).get("DEFAULT", "host")?.value || facts.system.hostname);
}

/** Where an option that nothing sets yet belongs: the nova.conf that is read, else the first file that is. */
export function fileForNewOption(config: NovaConfig): string | undefined {
  return (config.files.find((file) => /\/nova\.conf$/.test(file.path)) ?? config.files[0])?.path;
}

/** Options of oslo.log, with the former names that it still reads in files. */
const logOptions = {
  file: ["log_file", "logfile"],
  directory: ["log_dir", "logdir"],
  configuration: ["log_config_append", "log-config", "log_config"],
} as const;

/** What sets an option that has several names: the last file counts, and in one file the first of the names. */
function setByName(config: NovaConfig, names: readonly string[]): Effective | undefined {
  const found = names.flatMap((name) => config.get("DEFAULT", name) ?? []);
  const place = ({ path }: Effective) =>
    path === undefined ? config.files.length : config.files.findIndex((file) => file.path === path);
  return found.sort((one, other) => place(other) - place(one))[0];
}

/** Where nova-compute logs to a file; undefined for the journal. Arguments win over the configuration, as in oslo.log. */
export function novaLogFile(facts: HostFacts, config: NovaConfig): string | undefined {
  const named = facts.novaCompute?.log;
  if (named !== undefined) return named === "journal" ? undefined : named;
  const setting = (names: readonly string[]) => setByName(config, names)?.value || undefined;
  const file = argument(facts, "log-file", "logfile") ?? setting(logOptions.file);
  const directory = argument(facts, "log-dir", "logdir") ?? setting(logOptions.directory);
  if (file === undefined) return directory === undefined ? undefined : `${directory}/nova-compute.log`;
  return file.startsWith("/") || directory === undefined ? file : `${directory}/${file}`;
}

function argument(facts: HostFacts, ...names: string[]): string | undefined {
  const args = facts.novaCompute?.args ?? [];
  const at = args.findLastIndex((arg) => names.some((name) => arg === `--${name}` || arg.startsWith(`--${name}=`)));
  if (at < 0) return undefined;
  return args[at]!.includes("=") ? args[at]!.slice(args[at]!.indexOf("=") + 1) : args[at + 1];
}

/** True if nova-compute's own lines of level INFO may not show in its log: its levels are set elsewhere, or higher. */
export function hidesInfo(facts: HostFacts, config: NovaConfig): boolean {
  if (argument(facts, "log-config-append", "log-config", "log_config")) return true;
  if (setByName(config, logOptions.configuration)?.text) return true;
  const levels = config.get("DEFAULT", "default_log_levels")?.text ?? "";
  return /(^|,)\s*nova(\.compute(\.manager)?)?\s*=\s*(WARN|WARNING|ERROR|CRITICAL|FATAL)\b/i.test(levels);
}

/** Formats of oslo.log's lines, of which nova-compute uses either; they have the process unless they are changed. */
const formats = ["logging_context_format_string", "logging_default_format_string"];

/** True if a line in nova-compute's log file may not tell which process wrote it; the journal knows by itself. */
export function hidesProcess(facts: HostFacts, config: NovaConfig): boolean {
  const changed = formats.flatMap((format) => config.get("DEFAULT", format)?.text ?? []);
  return novaLogFile(facts, config) !== undefined && changed.some((format) => !format.includes("%(process)"));
}
