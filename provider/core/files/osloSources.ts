/** What decides which files oslo.config reads. Paths are as the service sees them (inside its container, if it has one). */
export interface ServiceView {
  /** The process's arguments, without the program itself. */
  args: readonly string[];
  exists(path: string): boolean;
  /** Names in a directory, in any order. */
  listDirectory(path: string): readonly string[];
  /** The service user's home directory. */
  home: string;
  /** Default "nova" and "nova-compute". */
  project?: string;
  program?: string;
  /** RDO's patched oslo.config reads /usr/share/nova/*-dist.conf before the other default files. */
  distributionFiles?: boolean;
  /** The service's working directory, for relative paths. Default "/". */
  workingDirectory?: string;
  /** The service's $SNAP_COMMON and $SNAP, in this order, if it has them. */
  snapDirectories?: readonly string[];
}

/** The files in the order in which oslo.config parses them: of one option, the last file's value counts. */
export interface ConfigSources {
  paths: string[];
  /** The directories that were searched, in the order of their files in `paths`. */
  directories: string[];
  /** Why oslo.config would stop before reading all of them. */
  failure: string | undefined;
}

/**
 * Which configuration files a service reads.
 *
 * The trap in it: default directories are parsed before the command line is. So with an explicit `--config-file`, nova.conf
 * beats nova.conf.d, and without one it is the other way round.
 */
export function configSources(view: ServiceView): ConfigSources {
  const sources: ConfigSources = { paths: [], directories: [], failure: undefined };
  const explicit = commandLine(view.args);
  // oslo.config looks for the full names here, though argparse accepts `--config-f` and the like later.
  const given = (name: string) => view.args.some((arg) => arg === name || arg.startsWith(`${name}=`));

  if (!given("--config-file")) sources.paths.push(...defaultFiles(view));
  if (!given("--config-dir")) for (const path of defaults(view, ".conf.d")) addDirectory(path);
  for (const { kind, value } of explicit) {
    if (value === undefined) {
      sources.failure ??= `argument --config-${kind}: expected one argument`;
    } else if (kind === "file") {
      addFile(absolute(expandHome(value, view.home), view.workingDirectory));
    } else {
      const path = absolute(expandHome(value, view.home), view.workingDirectory);
      if (view.exists(path)) addDirectory(path);
      else sources.failure ??= `Failed to read config file directory: ${path}`;
    }
  }
  return sources;

  function addFile(path: string): void {
    sources.paths.push(path);
    if (!view.exists(path)) sources.failure ??= `Failed to find some config files: ${path}`;
  }

  function addDirectory(path: string): void {
    sources.directories.push(path);
    const names = view.listDirectory(path).filter((name) => /^[^./][^/]*\.conf$/.test(name));
    for (const name of names.sort((a, b) => (a < b ? -1 : 1))) addFile(`${path.replace(/\/+$/, "")}/${name}`);
  }
}

interface Argument {
  kind: "file" | "dir";
  value: string | undefined;
}

/** `--config-file x`, `--config-file=x`, the same for directories, and argparse's abbreviations of both. */
function commandLine(args: readonly string[]): Argument[] {
  const found: Argument[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === "--") break;
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const kind = (["file", "dir"] as const).find((kind) => name.length > 9 && `--config-${kind}`.startsWith(name));
    if (!kind) continue;
    if (equals >= 0) {
      found.push({ kind, value: arg.slice(equals + 1) });
      continue;
    }
    const next = args[index + 1];
    const value = next?.startsWith("-") && next !== "-" ? undefined : next;
    found.push({ kind, value });
    if (value !== undefined) index++;
  }
  return found;
}

function defaultFiles(view: ServiceView): string[] {
  const project = view.project ?? "nova";
  const shared = [project, view.program ?? "nova-compute"].map((name) => `/usr/share/${project}/${name}-dist.conf`);
  const distribution = view.distributionFiles ? shared.filter((path) => view.exists(path)) : [];
  return [...distribution, ...defaults(view, ".conf")];
}

/** Per name, only the first place that has it counts. */
function defaults(view: ServiceView, extension: string): string[] {
  const project = view.project ?? "nova";
  const home = view.home.replace(/\/+$/, "");
  const snap = (view.snapDirectories ?? []).map((directory) => `${directory}/etc/${project}`);
  const places = [`${home}/.${project}`, home, `/etc/${project}`, "/etc", ...snap];
  return [project, view.program ?? "nova-compute"].flatMap((name) => {
    const path = places.map((place) => `${place}/${name}${extension}`).find((candidate) => view.exists(candidate));
    return path === undefined ? [] : [path];
  });
}

function expandHome(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? home + path.slice(1) : path;
}

/** Python's `os.path.abspath`. */
function absolute(path: string, workingDirectory = "/"): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${workingDirectory}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
