import { readFixtures } from "../facts/fixture";
import type { HostDescription } from "../plans/describedHost";

/** What is known of a host: how it looks, or how an attempt to read it ended. */
export type WrongHost =
  | HostDescription
  /** What ssh said of a login. */
  | { login: string }
  /** How a run on the host ended: what it printed on standard error, and how far it was. */
  | { run: Record<string, unknown>; isLinkLost?: true }
  /** What the facts script printed. */
  | { facts: string };

/** One wrong program, or a host that cannot take a right one. */
export interface WrongInput {
  /** Unique, in plain words. */
  what: string;
  kind: string;
  /** What differs from a right program; null leaves a property out. */
  program: Record<string, unknown>;
  /** Of the property that is to blame; empty where none is, for the reason that its group gives. */
  path: string;
  /** Part of the message: what is wrong. */
  wrong: string;
  /** Another part of it: what to do. */
  advice: string;
  host: WrongHost;
  /** Resources of the same program that come before it. */
  before: [kind: string, program: Record<string, unknown>][];
}

/** Rows of one kind of mistake, as they are in test/fixtures/wrongInputs. */
interface Group {
  title: string;
  /** Why some of its messages name no property. */
  withoutPath?: string;
  kind: string;
  /** What every row's program and host are based on. */
  program: Record<string, unknown>;
  host: HostDescription;
  rows: [
    what: string,
    program: Record<string, unknown>,
    path: string,
    wrong: string,
    advice: string,
    more?: { host?: WrongHost; before?: WrongInput["before"] },
  ][];
}

/** All wrong inputs, by what is wrong with them in general. */
export function wrongInputs(): { title: string; withoutPath: string | undefined; rows: WrongInput[] }[] {
  return readFixtures<Group>("wrongInputs").map(({ content: { title, withoutPath, kind, rows, ...usual } }) => ({
    title,
    withoutPath,
    rows: rows.map(([what, program, path, wrong, advice, { host = {}, before = [] } = {}]) => ({
      what,
      kind,
      program: { ...usual.program, ...program },
      path,
      wrong,
      advice,
      host: { ...usual.host, ...host },
      before,
    })),
  }));
}
