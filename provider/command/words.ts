import { parseArgs } from "node:util";

/** What was asked for on the command line. */
export type Request =
  | { do: "preflight"; host: string; others: string[]; to: string[]; connection: string | undefined; json: boolean }
  | { do: "help" | "version" };

/** A command line, or a file that it names, that cannot be meant so. */
export class UsageError extends Error {}

export const help = `Usage: pulumi-hostmem preflight HOST [OTHER ...] [--to FILE ...] [options]

Says of each guest that runs on HOST to which of the other hosts Nova can migrate it live, as far as its memory
decides, and why not. All hosts are only read: nothing is changed on any of them.

  HOST, OTHER        [USER@]NAME[:PORT], or local for this machine. Hosts are reached as by resources: your OpenSSH
                     configuration, agent and known_hosts count; the user is root, and any other becomes it by sudo
  --to FILE          more hosts to go to, as a program plans them: profiles of LiveMigrationConfigs in JSON, as
                     "pulumi stack output profiles" prints them; - is standard input
  --connection FILE  JSON with "connection", "become" and "installation", as resources take them but without host: how
                     each of the hosts is reached, and how nova-compute is run there; - is standard input
  --json             prints JSON
  --help, --version

Exit codes: 0 each guest can go to one of the hosts at least, or none runs; 1 some guest cannot, or that is not known;
            2 the command line, or a file that it names, is wrong; 3 a host could not be read.
`;

/** @throws UsageError */
export function readWords(words: readonly string[]): Request {
  const { values, positionals } = parsed(words);
  if (values.help) return { do: "help" };
  if (values.version) return { do: "version" };
  const [verb, host, ...others] = positionals;
  if (verb === undefined) throw new UsageError("what to do is missing: write preflight and a host");
  if (verb !== "preflight")
    throw new UsageError(`there is no command ${JSON.stringify(verb)}: the one there is, is preflight`);
  if (host === undefined) throw new UsageError("the host is missing: write preflight compute-1, and hosts to go to");
  const { to = [], connection, json = false } = values;
  if (others.length === 0 && to.length === 0)
    throw new UsageError(`where the guests of ${host} are to go is missing: name other hosts, or a file with --to`);
  if ([...to, connection].filter((file) => file === "-").length > 1)
    throw new UsageError("standard input can be read once only: give a file for the others");
  return { do: "preflight", host, others, to, connection, json };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        to: { type: "string", multiple: true },
        connection: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    // Its further sentences are about words that begin with a dash.
    throw new UsageError((error as Error).message.split(/\.\s/, 1)[0]!);
  }
}

/** The fields of a connection that a host on the command line stands for. */
export function connectionOf(word: string): Record<string, unknown> {
  if (word === "local") return { host: "localhost", transport: "local", user: "root" };
  const [, user, rest] = /^(?:([^@]*)@)?(.*)$/s.exec(word)!;
  // An address of IPv6 has colons of its own: with a port it stands in brackets.
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(rest!) ?? [];
  return {
    host: bracketed ?? plain ?? rest,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}
