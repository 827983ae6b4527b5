/** nova.conf as oslo.config reads it: which files, what they say, and how to change one option without touching the rest. */
export * from "./osloEdit";
export * from "./osloEffective";
export type { Interpolated, OptionDefinition, OptionTable } from "./osloInterpolate";
export * from "./osloParse";
export * from "./osloSources";
export {
  type Bounds,
  type Converted,
  parseDictionary,
  parseFloatingPoint as parseFloat,
  parseInteger,
  parseList,
} from "./osloValues";
