import { type Interpolated, interpolate, type OptionTable } from "./osloInterpolate";
import { type Assignment, assignmentsOf, normaliseSection, type OsloFile } from "./osloParse";

/** Where else than in the files values come from, and what is known about the options. */
export interface Surroundings {
  /** The service's environment: `OS_GROUP__OPTION` wins over every file. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** The options that `$name` may stand for; without one, interpolated values are not resolved. */
  options?: OptionTable;
}

/** The value of an option that oslo.config would use. */
export interface Effective {
  /** After interpolation; undefined if that could not be done here, see `unresolved`. */
  value: string | undefined;
  unresolved: string | undefined;
  /** Before interpolation. */
  text: string;
  /** The file that decides; undefined if it is the environment. */
  path: string | undefined;
  assignment: Assignment | undefined;
  /** The environment variable that decides. */
  variable: string | undefined;
}

/** The name of the environment variable that overrides an option in all files. */
export function environmentName(section: string, option: string): string {
  return `OS_${section.toUpperCase()}__${option.toUpperCase()}`;
}

/**
 * What an option that has one value is set to; undefined if nothing sets it, so that its default counts.
 *
 * @param files In parse order (see `configSources`).
 */
export function effective(
  files: readonly OsloFile[],
  section: string,
  option: string,
  surroundings: Surroundings = {},
): Effective | undefined {
  return lookUp(files, normaliseSection(section), option, surroundings, []);
}

/**
 * What an option of oslo.config's type MultiOpt is set to: one entry per assignment, over all files in parse order.
 *
 * An environment variable replaces them all, and oslo.config then takes each letter of it as one entry: an empty variable
 * clears the option, any other is of no use.
 */
export function effectiveMulti(
  files: readonly OsloFile[],
  section: string,
  option: string,
  surroundings: Surroundings = {},
): Effective[] {
  const name = normaliseSection(section);
  const override = fromEnvironment(files, name, option, surroundings, []);
  if (override?.value !== undefined) return [...override.value].map((letter) => ({ ...override, value: letter }));
  if (override) return [override];
  return files.flatMap((file) =>
    assignmentsIn(file, name, option).map((assignment) => ofAssignment(files, file, assignment, surroundings, [])),
  );
}

function lookUp(
  files: readonly OsloFile[],
  section: string,
  option: string,
  surroundings: Surroundings,
  asking: readonly string[],
): Effective | undefined {
  const override = fromEnvironment(files, section, option, surroundings, asking);
  if (override) return override;
  for (const file of files.toReversed()) {
    const last = assignmentsIn(file, section, option).at(-1);
    if (last) return ofAssignment(files, file, last, surroundings, asking);
  }
  return undefined;
}

function fromEnvironment(
  files: readonly OsloFile[],
  section: string,
  option: string,
  surroundings: Surroundings,
  asking: readonly string[],
): Effective | undefined {
  const variable = environmentName(section, option);
  const text = surroundings.environment?.[variable];
  if (text === undefined) return undefined;
  const resolved = resolve(text, section, option, files, surroundings, asking);
  return { ...resolved, text, path: undefined, assignment: undefined, variable };
}

function ofAssignment(
  files: readonly OsloFile[],
  file: OsloFile,
  assignment: Assignment,
  surroundings: Surroundings,
  asking: readonly string[],
): Effective {
  const { value: text, section, option } = assignment;
  const resolved = resolve(text, section, option, files, surroundings, asking);
  return { ...resolved, text, path: file.path, assignment, variable: undefined };
}

function resolve(
  text: string,
  section: string,
  option: string,
  files: readonly OsloFile[],
  surroundings: Surroundings,
  asking: readonly string[],
): Interpolated {
  const self = `${section}.${option}`;
  if (asking.includes(self)) return { value: undefined, unresolved: `[${section}] ${option} refers to itself` };
  return interpolate(text, section, surroundings.options ?? {}, (otherSection, otherOption) =>
    lookUp(files, otherSection, otherOption, surroundings, [...asking, self]),
  );
}

function assignmentsIn(file: OsloFile, section: string, option: string): Assignment[] {
  return assignmentsOf(file).filter((assignment) => assignment.section === section && assignment.option === option);
}
