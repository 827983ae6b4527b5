import { Inputs } from "../inputs/problem";
import { parseSize } from "../size";
import { resourceClassOf } from "./pmemOption";

/** A namespace as declared. */
export interface NamespaceArgs {
  name: string;
  /** What flavors ask for. */
  label: string;
  /** As written. */
  size: string | number;
  /** As written; undefined for 2 MiB. */
  alignment: string | number | undefined;
  region: string | undefined;
  numaNode: number | undefined;
  /** Undefined for `dev`, and for what an existing one has. */
  map: "dev" | "mem" | undefined;
}

const properties = ["name", "label", "size", "alignment", "region", "numaNode", "map"] as const;

/** placement's limit of the name of a resource class. */
const longestClass = 255;
/** What a label has room for: NSLABEL_NAME_LEN of the kernel, and a byte that ends it. */
const longestName = 63;

export function readNamespaces(inputs: Inputs): NamespaceArgs[] {
  const value = inputs.raw("namespaces");
  const example = '[{ name: "gold-0", label: "6GB", size: "6 GiB" }]';
  if (!inputs.has("namespaces")) return inputs.problem("namespaces", `is required: a list such as ${example}`) ?? [];
  if (!Array.isArray(value) || value.length === 0) {
    return inputs.problem("namespaces", `must be a list such as ${example}`) ?? [];
  }
  const read = value.flatMap((entry: unknown, index) => {
    if (typeof entry === "object" && entry !== null && !Array.isArray(entry)) {
      const one = new Inputs(entry as Record<string, unknown>, inputs.path(at(index)), inputs.problems);
      return readNamespace(one) ?? [];
    }
    return inputs.problem(at(index), `must be an object such as ${example.slice(1, -1)}`) ?? [];
  });
  refuseAlike(inputs, value);
  return read;
}

const at = (index: number) => `namespaces[${index}]`;

const required = { name: '"gold-0"', label: '"6GB"', size: '"6 GiB"' };

function readNamespace(inputs: Inputs): NamespaceArgs | undefined {
  inputs.rejectUnknown(properties);
  for (const [name, example] of Object.entries(required)) {
    if (!inputs.has(name)) inputs.problem(name, `is required, such as ${example}`);
  }
  const name = readName(inputs);
  const label = readLabel(inputs);
  const size = readSize(inputs, "size");
  const alignment = readSize(inputs, "alignment");
  const region = inputs.text("region");
  if (region !== undefined && !/^region\d+$/.test(region)) {
    inputs.problem("region", "must be a region's name, as ndctl list --regions shows it, such as region0");
  }
  const numaNode = inputs.integer("numaNode", 0, 1023);
  const map = inputs.choice("map", ["dev", "mem"]);
  if (name === undefined || label === undefined || size === undefined) return undefined;
  return { name, label, size, alignment, region, numaNode, map };
}

function readName(inputs: Inputs): string | undefined {
  const name = inputs.text("name");
  if (name === undefined || (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) && name.length <= longestName)) return name;
  const why = "Nova's option is cut at blanks, commas, colons and bars";
  return inputs.problem(
    "name",
    `must be of at most ${longestName} letters, digits, underscores, dots and dashes; ${why}`,
  );
}

/**
 * Nova takes any text, and compares the label of a flavor with it as it is; its API takes only `[a-zA-Z0-9_]+` there
 * (nova/api/validation/extra_specs/hw.py, from Ussuri on).
 */
function readLabel(inputs: Inputs): string | undefined {
  const label = inputs.text("label");
  if (label === undefined) return undefined;
  if (!/^[A-Za-z0-9_]+$/.test(label)) {
    return inputs.problem(
      "label",
      `must be of letters, digits and underscores, as Nova takes it in the flavor's hw:pmem, not ${JSON.stringify(label)}`,
    );
  }
  const longest = longestClass - resourceClassOf("").length;
  if (resourceClassOf(label).length <= longestClass) return label;
  return inputs.problem(
    "label",
    `must be of at most ${longest} characters: placement's names of classes end there; choose a shorter one`,
  );
}

function readSize(inputs: Inputs, name: "size" | "alignment"): string | number | undefined {
  const value = inputs.raw(name);
  if (!inputs.has(name)) return undefined;
  const example = name === "size" ? '"6 GiB"' : '"2 MiB"';
  if (typeof value !== "string" && typeof value !== "number") {
    return inputs.problem(name, `must be a size, such as ${example}, or a number of MiB`);
  }
  try {
    const { bytes } = parseSize(value);
    if (bytes <= 0) return inputs.problem(name, `must be more than 0, such as ${example}`);
    if (name === "size" || (bytes >= 4096 && Number.isInteger(Math.log2(bytes)))) return value;
    return inputs.problem(name, `must be a power of two from 4 KiB on, such as ${example}`);
  } catch (error) {
    return inputs.problem(name, (error as Error).message);
  }
}

/** Names must differ, and labels be one and the same or differ in what placement makes of them. */
function refuseAlike(inputs: Inputs, entries: readonly unknown[]): void {
  const names = new Map<string, number>();
  const labels = new Map<string, string>();
  for (const [index, entry] of entries.entries()) {
    const { name, label } = (entry ?? {}) as { name?: unknown; label?: unknown };
    const path = at(index);
    if (typeof name === "string") {
      const first = names.get(name);
      if (first !== undefined)
        inputs.problem(
          `${path}.name`,
          `is the name of ${at(first)} already; Nova finds by it, so give each one of its own`,
        );
      else names.set(name, index);
    }
    if (typeof label !== "string" || label === "") continue;
    const resourceClass = resourceClassOf(label);
    const other = labels.get(resourceClass);
    if (other !== undefined && other !== label) {
      const both = `"${other}" and "${label}" are both ${resourceClass} to placement`;
      const how = "guests of the one would get the other's, or none at all; use one spelling, in flavors as well";
      inputs.problem(`${path}.label`, `must be spelt in one way: ${both}, so that ${how}`);
    } else labels.set(resourceClass, label);
  }
}

/** What somebody agrees to lose: `NAME UUID=…`, each good for that very namespace. */
export function readConsents(inputs: Inputs): string[] {
  const value = inputs.raw("consentToDestroy");
  if (!inputs.has("consentToDestroy")) return [];
  if (!Array.isArray(value)) {
    return inputs.problem("consentToDestroy", 'must be a list such as ["gold-0 UUID=…"]') ?? [];
  }
  return value.flatMap((each: unknown, index) => {
    if (typeof each === "string" && /^\S+ UUID=[0-9a-fA-F-]{36}$/.test(each)) return [each];
    const what = "must name a namespace and its UUID, as in the refusal or in the output uuids";
    return inputs.problem(`consentToDestroy[${index}]`, `${what}: "gold-0 UUID=…"`) ?? [];
  });
}
