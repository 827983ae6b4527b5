import {
  assignmentsOf,
  configSources,
  effective,
  effectiveMulti,
  environmentName,
  type OptionTable,
  type OsloFile,
  parseDictionary,
  parseFloat as parseFloatingPoint,
  parseInteger,
  parseList,
  parseOsloFile,
} from "../../../provider/core/files/osloConfig";
import { otherOptions } from "./generate";
import type { OsloRequest } from "./oracle";

/** An option's converted value as we see it, or that reading it fails. */
export type OurValue = { value: unknown } | { error: string };

/** The options that may be interpolated in generated hosts. */
export const optionTable: OptionTable = {
  "DEFAULT.ram_allocation_ratio": { type: "float", default: null, min: 0 },
  "DEFAULT.reserved_host_memory_mb": { type: "integer", default: 512, min: 0 },
  "libvirt.file_backed_memory": { type: "integer", default: 0, min: 0 },
  ...Object.fromEntries(
    otherOptions.map(([section, option]) => [`${section}.${option}`, { type: "string", default: null }]),
  ),
};

/** What our code makes of a generated host: the files in parse order, and why the service would not start. */
export function readHost(request: OsloRequest): { files: OsloFile[]; failure: string | undefined } {
  const paths = Object.keys(request.files);
  const sources = configSources({
    args: request.args,
    home: request.environment["HOME"]!,
    exists: (path) => paths.some((each) => each === path || each.startsWith(`${path.replace(/\/$/, "")}/`)),
    listDirectory: (path) =>
      paths.filter((each) => each.startsWith(`${path}/`)).map((each) => each.slice(path.length + 1)),
  });
  const files = sources.paths
    .filter((path) => request.files[path] !== undefined)
    .map((path) => parseOsloFile(path, request.files[path]!));
  return { files, failure: sources.failure };
}

/** A file as oslo.config holds it. */
export function sectionsOf(file: OsloFile): Record<string, Record<string, string[]>> {
  const sections: Record<string, Record<string, string[]>> = {};
  for (const piece of file.pieces) if (piece.kind === "header") sections[decode(piece.section)] ??= {};
  for (const { section, option, value } of assignmentsOf(file)) {
    const options = sections[decode(section)]!;
    options[decode(option)] = [...(options[decode(option)] ?? []), decode(value)];
  }
  return sections;
}

/** What the service gets when it reads an option. */
export function readOption(
  files: readonly OsloFile[],
  environment: Record<string, string>,
  section: string,
  option: string,
  lookUp = effective,
): OurValue {
  const surroundings = { environment, options: optionTable };
  if (option === "reserved_huge_pages") {
    const entries = effectiveMulti(files, section, option, surroundings);
    if (entries.length === 0) return { value: environmentName(section, option) in environment ? [] : null };
    const values = entries.map((entry) => converted(entry.value, (text) => parseDictionary(decode(text))));
    return (
      values.find((value) => "error" in value) ?? { value: values.map((value) => (value as { value: unknown }).value) }
    );
  }
  const found = lookUp(files, section, option, surroundings);
  if (!found) return { value: defaults[option] ?? null };
  return converted(found.value, (text) => {
    if (option === "file_backed_memory" || option === "reserved_host_memory_mb") return parseInteger(text, { min: 0 });
    if (option === "ram_allocation_ratio") {
      const ratio = parseFloatingPoint(text, { min: 0 });
      return ratio.ok && ratio.value !== null ? { ok: true, value: pythonFloat(ratio.value) } : ratio;
    }
    if (option === "pmem_namespaces") return { ok: true, value: parseList(text).map(decode) };
    if (option !== "virt_type") return { ok: true, value: decode(text) };
    const isType = ["kvm", "lxc", "qemu", "parallels"].includes(text);
    return isType ? { ok: true, value: text } : { ok: false, reason: "not a choice" };
  });
}

const defaults: Record<string, unknown> = {
  file_backed_memory: 0,
  reserved_host_memory_mb: 512,
  virt_type: "kvm",
  pmem_namespaces: [],
};

function converted(
  text: string | undefined,
  convert: (text: string) => { ok: true; value: unknown } | { ok: false; reason: string },
): OurValue {
  if (text === undefined) return { error: "unresolved" };
  const result = convert(text);
  return result.ok ? { value: result.value } : { error: result.reason };
}

/** Python's `repr` of the floats that occur. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Number.isInteger(value) ? `${value}.0` : `${value}`.replace("Infinity", "inf");
}

export function decode(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}
