import semver from "semver";
import { minimums } from "../../versions";
import type { CloudFacts } from "./facts";

/** What can be said of the releases of a cloud's computes. */
export type OldestCompute =
  /** Every one is new enough. */
  | { verdict: "proved" }
  /** Some are certainly not; `who` names them. */
  | { verdict: "too old"; who: string }
  /** Nothing says anything of these. */
  | { verdict: "unknown"; hosts: string[] };

/** The newest version of the API of Nova 18.0.0 (Rocky): a smaller one is of an older Nova (rest_api_version_history). */
const apiOfRocky = 65;

/** From 23.0.0 (Wallaby) on, nova-api does not start beside a nova-compute that is two releases older (TooOldComputeService). */
const apiOfWallaby = 88;

/**
 * Whether every nova-compute of a cloud is new enough for guests of file-backed hosts. The API tells nobody's version; but
 * control planes are upgraded before computes, from Wallaby on Nova itself refuses older ones, computes from 19.0.0 on have
 * traits that nobody else sets, and hosts of the program were looked at.
 *
 * @param known versions of Nova, as their own hosts say, by Nova's names of the hosts.
 */
export function oldestCompute(facts: CloudFacts, known: ReadonlyMap<string, string | undefined>): OldestCompute {
  if (facts.apiMaximum < apiOfRocky) return { verdict: "too old", who: `every compute of ${facts.cloud}` };
  const needed = minimums.fileBackedMemory.nova;
  const tooOld = facts.computes.filter(({ host }) => semver.lt(known.get(host) ?? needed, needed));
  if (tooOld.length > 0) return { verdict: "too old", who: tooOld.map(({ host }) => host).join(", ") };
  if (facts.apiMaximum >= apiOfWallaby) return { verdict: "proved" };
  const unknown = facts.computes.filter(({ host, hasTraitOfStein }) => !hasTraitOfStein && !known.get(host));
  return unknown.length === 0
    ? { verdict: "proved" }
    : { verdict: "unknown", hosts: unknown.map(({ host }) => host).sort() };
}
