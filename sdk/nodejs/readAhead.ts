import { existsSync, readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { declaredHost } from "../../provider/readAhead/declared";
import { ReadAheadServer } from "../../provider/readAhead/server";
import { Turn } from "./turn";

let server: ReadAheadServer | undefined;

/**
 * Begins to read a host as soon as its connection is known, so that a run waits for the slowest host and not for the sum
 * of all. Adds no dependency between resources: what is sent along is a plain path.
 *
 * A host of a rollout is read once more when its batch begins, if that is too long ago: all hosts of the batch at once.
 *
 * @returns the socket to ask at, undefined where hosts must not be read ahead, and nobody wants to hear of changes.
 */
export function readHostAhead(kind: string, args: Record<string, unknown>): string | undefined {
  const turn = Turn.current;
  const mayRead = mayReadAhead();
  if (!mayRead && turn === undefined) return undefined;
  server ??= new ReadAheadServer();
  const ahead = server;
  pulumi.output(args).apply((known) => {
    const host = declaredHost(kind, known as Record<string, unknown>);
    if (host === undefined) return;
    turn?.hosts.add(host.key);
    if (!mayRead) return;
    ahead.begin(host);
    turn?.begins.then(
      () => ahead.begin(host),
      () => {},
    );
  });
  return ahead.socketPath;
}

/** Whether this run has changed something on a host. */
export function hasChanged(key: string): boolean {
  return server?.changed.has(key) ?? false;
}

/**
 * With --target or --exclude, only hosts of the resources named may be touched, and the program is not told which these
 * are. The command line of the CLI that started it says whether there are any; where that cannot be read, each host is
 * read when its turn comes.
 */
function mayReadAhead(): boolean {
  return process.env["HOSTMEM_READ_AHEAD"] !== "off" && !isTargeted();
}

/** Whether this run is for some resources alone, or may be. */
export function isTargeted(): boolean {
  targeted ??= hasTargets(process.ppid);
  return targeted;
}
let targeted: boolean | undefined;

const targeting = /^(--target|--target-replace|--target-dependents|--exclude|--exclude-dependents|--replace|-t)(=|$)/;

function hasTargets(parent: number): boolean {
  if (Object.keys(process.env).some((name) => /^PULUMI_OPTION_(TARGET|EXCLUDE)/.test(name))) return true;
  for (let pid = parent, depth = 0; pid > 1 && depth < 8; depth++) {
    if (!existsSync(`/proc/${pid}/stat`)) return true;
    const words = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
    const isCli = /(^|\/)pulumi(\.exe)?$/.test(words[0] ?? "");
    if (isCli) return words.some((word) => targeting.test(word));
    pid = Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1] ?? 0);
  }
  return true;
}
