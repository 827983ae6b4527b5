import { HostError } from "../errors";
import { boundedTools } from "../host/boundedTools";

/** What to do about an answer that cannot be. */
export const badAnswerAdvice = "Run the preview again; if it stays so, look at the host's sh and coreutils.";

/**
 * What a facts script prints: sections behind lines that start with a nonce. One printf per section costs the host no
 * process, any bytes survive, and text on the host cannot forge a section, since it does not know the nonce.
 */
export class Sections {
  private constructor(
    private readonly host: string,
    private readonly contents: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** @param output latin1 text, one character a byte. */
  static parse(host: string, nonce: string, output: string): Sections {
    const contents = new Map<string, string[]>();
    const pieces = `\n${output}`.split(`\n${nonce} `);
    for (const piece of pieces.slice(1)) {
      const end = piece.indexOf("\n");
      const name = end < 0 ? piece : piece.slice(0, end);
      const content = end < 0 ? "" : piece.slice(end + 1);
      const present = contents.get(name);
      if (present) present.push(content);
      else contents.set(name, [content]);
    }
    if (!contents.has("end")) {
      throw new HostError("unexpected", host, "the host's answer to the facts script is incomplete", {
        advice: badAnswerAdvice,
      });
    }
    return new Sections(host, contents);
  }

  /** The section's bytes. Every section is printed on every host, so a missing one is an error, never a default. */
  get(name: string): string {
    const found = this.contents.get(name);
    if (found === undefined) throw this.unexpected(`the facts script printed no "${name}"`);
    return found[0]!;
  }

  /** For an answer that cannot be, which says nothing about the host. */
  unexpected(problem: string, advice = badAnswerAdvice): HostError {
    return new HostError("unexpected", this.host, problem, { advice });
  }

  lines(name: string): string[] {
    return this.get(name)
      .split("\n")
      .filter((line) => line !== "");
  }

  /** All sections whose name is `prefix` and one argument, as argument and content. */
  withPrefix(prefix: string): [argument: string, content: string][] {
    const found: [string, string][] = [];
    for (const [name, contents] of this.contents) {
      if (name.startsWith(`${prefix} `))
        for (const content of contents) found.push([name.slice(prefix.length + 1), content]);
    }
    return found;
  }
}

/**
 * Start of every facts script: `section NAME` opens a section, `file PATH` prints one file with its metadata. what is asked
 * of the tools that say something of a host is bounded.
 * The shell itself, which reads on without its client, has so much of a processor (setrlimit(2), RLIMIT_CPU).
 */
export function sectionPrelude(nonce: string): string {
  return `
# shellcheck disable=SC3045 # bash, dash and busybox have it.
ulimit -t ${processorSeconds}
section() { printf '\\n${nonce} %s\\n' "$*"; }
line_break='
'
file() {
  [ -e "$1" ] || return 0
  case $1 in *"$line_break"*) section "broken-name $(printf '%s' "$1" | tr '\\n' ' ')"; return 0 ;; esac
  section "file $1"
  stat -L -c '%f %u %g %s %Y %h' -- "$1" || { [ -e "$1" ] || echo gone; return 0; }
  readlink -f -- "$1"
  [ ! -f "$1" ] || head -c ${fileLimit + 1} -- "$1"
}
${boundedTools(["systemctl", "virtqemud", "libvirtd", "blkid", "wipefs", "lsblk", "partx", "getconf"])}`;
}

/** Far more than any reading needs, and an end to one that would have none. */
const processorSeconds = 600;

/** A configuration file larger than this is not one that a person or a deployer wrote. */
export const fileLimit = 4 * 1024 * 1024;
