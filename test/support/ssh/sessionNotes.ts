import { readFileSync, rmSync } from "node:fs";

/** One session, from its beginning to its end in nanoseconds. */
export interface NotedSession {
  start: bigint;
  end: bigint;
}

/** Shell text that notes a session's beginning or end in a file. */
export const noting = (what: "start" | "end", file: string) => `echo "${what} $$ $(date +%s%N)" >>${file}`;

/** Sessions noted since the last time this was asked, and how many of them have no end. */
export function takeSessions(file: string): { ended: NotedSession[]; open: number } {
  const lines = readIfThere(file).trim().split("\n").filter(Boolean);
  rmSync(file, { force: true });
  const started = new Map<string, bigint>();
  const ended: NotedSession[] = [];
  for (const line of lines) {
    const [what, pid, at] = line.split(" ") as [string, string, string];
    if (what === "start") started.set(pid, BigInt(at));
    else ended.push({ start: started.get(pid)!, end: BigInt(at) });
  }
  return { ended, open: started.size - ended.length };
}

/** The largest number of sessions that ran at one moment. */
export function mostAtOnce(sessions: readonly NotedSession[]): number {
  return Math.max(
    ...sessions.map(({ start }) => sessions.filter((other) => other.start <= start && start < other.end).length),
  );
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
