import { parseFloatingPoint, parseInteger } from "./osloValues";

/** What interpolation needs to know about an option: oslo.config inserts the converted value, and the default if unset. */
export interface OptionDefinition {
  type: "string" | "integer" | "float";
  /** null is Python's None, which is inserted as nothing. */
  default: string | number | null;
  /** A number below this cannot be read, nor inserted. */
  min?: number;
}

/** Known options by `section.option`, the section's name normalised. */
export type OptionTable = Readonly<Record<string, OptionDefinition>>;

export interface Interpolated {
  value: string | undefined;
  /** Why there is no value. */
  unresolved: string | undefined;
}

/** Finds what an option is set to, or undefined if it is not set. */
type LookUp = (section: string, option: string) => Interpolated | undefined;

/**
 * Replaces `$name`, `${name}`, `$group.name` and `${group.name}`. A plain name means the option of the same section if there
 * is one, else of DEFAULT. `$$` and `\$` are a dollar; a dollar before anything else stays.
 */
export function interpolate(text: string, section: string, options: OptionTable, lookUp: LookUp): Interpolated {
  let unresolved: string | undefined;
  const value = text
    .replaceAll("\\$", "$$$$")
    .replace(
      /\$(?:(\$)|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})/gi,
      (_, dollar: string | undefined, plain: string | undefined, braced: string) => {
        if (dollar) return "$";
        const part = reference(plain ?? braced, section, options, lookUp);
        unresolved ??= part.unresolved;
        return part.value ?? "";
      },
    );
  return unresolved === undefined ? { value, unresolved } : { value: undefined, unresolved };
}

function reference(name: string, section: string, options: OptionTable, lookUp: LookUp): Interpolated {
  const dot = name.indexOf(".");
  const places = dot < 0 ? [`${section}.${name}`, `DEFAULT.${name}`] : [name];
  const place = places.find((candidate) => Object.hasOwn(options, candidate));
  // `$DEFAULT.name` is an error for oslo.config, which knows DEFAULT as the absence of a group.
  if (place === undefined || (dot >= 0 && place.startsWith("DEFAULT."))) {
    return { value: undefined, unresolved: `$${name} is no option known here` };
  }
  const definition = options[place]!;
  const at = place.indexOf(".");
  const found = lookUp(place.slice(0, at), place.slice(at + 1));
  if (found?.unresolved !== undefined) return found;
  return inserted(found?.value, definition, name);
}

function inserted(set: string | undefined, definition: OptionDefinition, name: string): Interpolated {
  if (definition.type === "string") return { value: set ?? `${definition.default ?? ""}`, unresolved: undefined };
  const convert = definition.type === "integer" ? parseInteger : parseFloatingPoint;
  const converted = set === undefined ? { ok: true as const, value: definition.default } : convert(set, definition);
  if (!converted.ok) return { value: undefined, unresolved: `$${name}: ${converted.reason}` };
  if (converted.value === null) return { value: "", unresolved: undefined };
  const value = definition.type === "integer" ? integerText(converted.value) : floatText(converted.value);
  return { value, unresolved: value === undefined ? `$${name} is a number of unusual size` : undefined };
}

function integerText(value: string | number): string | undefined {
  return Number.isSafeInteger(value) ? `${value}` : undefined;
}

/** Python's `str()` of a float, in the range where it does not use an exponent. */
function floatText(value: string | number): string | undefined {
  const size = Math.abs(Number(value));
  if (size !== 0 && !(size >= 1e-4 && size < 1e16)) return undefined;
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}
