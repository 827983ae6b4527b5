import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "../core/errors";
import { canGo, preflightOf, type RunningHost } from "../core/migration/preflight";
import { readable } from "../core/readable";
import { type HostAccess, readRunning } from "../readAhead/running";
import { Turns } from "../readAhead/turns";
import { accessTo, profilesIn } from "./hosts";
import { linesOf } from "./shown";
import { help, type Request, readWords, UsageError } from "./words";

/** Where a command prints. */
export interface Output {
  out: (text: string) => void;
  problem: (text: string) => void;
}

/** What a command's end says, see {@link help}. */
export const exitCodes = { well: 0, staying: 1, usage: 2, unread: 3 } as const;

/** Runs a command, and returns its exit code. Reads hosts, and changes none. */
export async function runCommand(words: readonly string[], output: Output): Promise<number> {
  try {
    const request = readWords(words);
    if (request.do === "preflight") return await preflight(request, output);
    output.out(request.do === "help" ? help : `${version()}\n`);
    return exitCodes.well;
  } catch (error) {
    if (error instanceof UsageError) {
      output.problem(`${readable(error.message)}\nSee pulumi-hostmem --help\n`);
      return exitCodes.usage;
    }
    if (!(error instanceof HostError)) throw error;
    output.problem(`${readable(error.message)}\n`);
    return exitCodes.unread;
  }
}

/** Every file and every word is read before any host is. */
async function preflight(request: Request & { do: "preflight" }, { out, problem }: Output): Promise<number> {
  const [source, ...others] = [request.host, ...request.others].map((word) => accessTo(word, request.connection));
  const profiles = request.to.flatMap(profilesIn);
  const turns = new Turns();
  const [host, ...read] = await Promise.all([source!, ...others].map((access) => turns.take(() => running(access))));
  const failures = [host!, ...read].filter((each) => each instanceof HostError);
  for (const { message } of failures) problem(`${readable(message)}\n`);
  if (host instanceof HostError) return exitCodes.unread;
  const there = read.flatMap((each) => (each instanceof HostError ? [] : [each.profile]));
  const found = preflightOf(host!, [...there, ...profiles]);
  out(
    request.json
      ? `${JSON.stringify(found, undefined, 2)}\n`
      : linesOf(found)
          .map((line) => `${line}\n`)
          .join(""),
  );
  if (failures.length > 0) return exitCodes.unread;
  return found.guests.every(canGo) ? exitCodes.well : exitCodes.staying;
}

/** One run names all hosts that cannot be read. */
async function running(access: HostAccess): Promise<RunningHost | HostError> {
  try {
    return await readRunning(access);
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
}

function version(): string {
  const file = join(__dirname, "..", "..", "..", "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
