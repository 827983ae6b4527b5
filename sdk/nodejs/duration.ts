/** A time: a number of seconds, or text with a unit. */
export type Duration = number | `${number} s` | `${number} min` | `${number} h`;

const secondsOf: Record<string, number> = { s: 1, min: 60, h: 3600 };

/** @returns seconds, undefined for what is no duration. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : undefined;
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(s|min|h)$/.exec(typeof value === "string" ? value : "") ?? [];
  return number === undefined ? undefined : Number(number) * secondsOf[unit!]!;
}
