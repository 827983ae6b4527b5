import { parseSize, type SizeInput, toMib } from "../size";
import type { Inputs } from "./problem";

/**
 * Reads a size, which stays as it was written: text with a unit, or a number of MiB.
 *
 * @param least the least number of MiB that makes sense.
 * @param word what may stand there instead of a size.
 */
export function readSize(inputs: Inputs, name: string, least: number, word?: string): SizeInput | undefined {
  const value = inputs.raw(name);
  if (!inputs.has(name)) return undefined;
  if (typeof value !== "string" && typeof value !== "number") {
    return inputs.problem(name, `must be a size, such as "1 TiB", or a number of MiB, not ${JSON.stringify(value)}`);
  }
  if (value === word) return value;
  if (typeof value === "string" && value.trim().toLowerCase() === word) {
    return inputs.problem(name, `${JSON.stringify(value)} is not quite the word: write "${word}"`);
  }
  try {
    if (toMib(parseSize(value)) >= least) return value;
    return inputs.problem(name, `must be at least ${least} MiB, not ${JSON.stringify(value)}`);
  } catch (error) {
    return inputs.problem(name, (error as Error).message);
  }
}
