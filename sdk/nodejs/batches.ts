import * as pulumi from "@pulumi/pulumi";
import { parseDuration } from "./duration";
import type { RolloutOptions } from "./rollout";

/** What a rollout comes to: names of hosts, batch by batch, and the seconds after each. */
export interface Batches {
  batches: string[][];
  pauseSeconds: number;
}

const defaultCanary = 1;
const defaultBatch = 10;
const longestPauseSeconds = 24 * 3600;

/** Divides hosts into batches, in the order in which they were written down; named canaries come first. */
export function divide(names: readonly string[], options: RolloutOptions): Batches {
  const { canary = defaultCanary, batch = defaultBatch, pause = 0 } = options;
  const first = Array.isArray(canary) ? namedCanaries(names, canary) : names.slice(0, count("canary", canary, 0));
  const size = count("batch", batch, 1);
  const others = names.filter((name) => !first.includes(name));
  const batches = first.length > 0 ? [[...first]] : [];
  for (let start = 0; start < others.length; start += size) batches.push(others.slice(start, start + size));
  return { batches, pauseSeconds: pauseOf(pause) };
}

function namedCanaries(names: readonly string[], canary: readonly string[]): string[] {
  for (const [index, name] of canary.entries()) {
    if (names.includes(name)) continue;
    throw problem(`canary[${index}]`, `no host is called ${JSON.stringify(name)}; name one of ${names.join(", ")}`);
  }
  return [...new Set(canary)];
}

function count(property: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw problem(property, `must be a whole number of hosts, ${least} or more, not ${JSON.stringify(value)}`);
}

function pauseOf(value: unknown): number {
  const seconds = parseDuration(value);
  if (seconds !== undefined && seconds <= longestPauseSeconds) return seconds;
  throw problem(
    "pause",
    `must be seconds or text such as "90 s", "15 min" or "2 h", 24 h at most, not ${JSON.stringify(value)}`,
  );
}

function problem(property: string, text: string): Error {
  return new pulumi.RunError(`rollout: ${property}: ${text}`);
}
