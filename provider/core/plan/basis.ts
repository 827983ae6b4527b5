import type { HostFacts } from "../facts/hostFacts";

/**
 * What a plan was made from, beyond the files that it writes: whether a store may be unmounted, say, hangs on what nova.conf
 * says. Under the host's lock it must still be so, or the plan is made anew.
 */
export interface Basis {
  /** See `Journal.lockHash`. */
  lockHash: string | undefined;
  /** SHA-256 of each configuration file and record, by its real path. */
  files: ReadonlyMap<string, string>;
  /** See `HostFacts.guestDigest`. */
  guestDigest: string;
}

export function basisOf({ files, journal, guestDigest }: HostFacts): Basis {
  const whole = [...files.values()].filter(({ isRegular, tooLarge }) => isRegular && !tooLarge);
  const hashes = new Map(whole.map(({ realPath, sha256 }) => [realPath, sha256]));
  return { lockHash: journal.lockHash, files: hashes, guestDigest };
}
