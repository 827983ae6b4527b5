import { quote } from "../quote";
import { beginLine, endMark } from "./frame";

/**
 * What we ask the login shell to run. One word that means the same in bash, rbash, dash, fish, csh and busybox; everything
 * else goes over standard input, past the login shell.
 */
export const REMOTE_COMMAND = "sh";

/** Where root's tools are. Login shells and sudo's `secure_path` may leave the sbin folders out. */
export const TOOL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const READY_WORD = "hostmem-root-shell";

/**
 * The command that sudo is asked for, always the same text, so that a sudoers rule can name it. It announces itself because
 * only then may the script be sent: earlier, sudo might read it as a password.
 */
export const SHELL_SCRIPT = `echo ${READY_WORD} $(id -u); exec sh -s`;

const READY = new RegExp(`${READY_WORD} (\\d+)\\r?\\n`);

/** The words printed when the host has no sudo; not a message of any shell, so not a matter of language. */
export const NO_SUDO = "hostmem-no-sudo";

/** The user id that the waiting shell runs as, once it has announced itself. */
export function readyUser(output: string): number | undefined {
  const match = READY.exec(output);
  return match ? Number(match[1]) : undefined;
}

/** What we make sudo ask with. Looked for on standard error, with whatever sudo puts around it, and answered nowhere else. */
export function sudoPrompt(nonce: string): string {
  return `hostmem-sudo-${nonce}`;
}

/** The first thing sent: becomes root and starts the shell that waits for the script. One line, because a shell may read ahead. */
export function becomeLine(method: "sudo" | "none", promptNonce: string | undefined): string {
  const shell = `sh -c ${quote(SHELL_SCRIPT)}`;
  const parts = [`LC_ALL=C LANGUAGE=C PATH="$PATH:${TOOL_PATH}"`, "export LC_ALL LANGUAGE PATH"];
  if (method === "sudo") {
    const options = promptNonce === undefined ? "-n" : `-S -p ${quote(sudoPrompt(promptNonce))}`;
    parts.push(
      `if [ "$(id -u)" = 0 ]; then exec ${shell}; fi`,
      `if ! command -v sudo >/dev/null 2>&1; then echo ${NO_SUDO} >&2; exit 1; fi`,
      `exec sudo ${options} -- ${shell}`,
    );
  } else {
    parts.push(`exec ${shell}`);
  }
  return `${parts.join("; ")}\n`;
}

/**
 * The script in its frame.
 *
 * All of it is one `{ }` group: a shell runs nothing before it has read the closing brace, so a script cut on its way does
 * not run at all. The script is an argument of `eval` in a subshell: an error in its syntax ends the subshell, not the frame.
 */
export function frameScript(script: string, nonce: string): string {
  const begin = quote(beginLine(nonce).trimEnd());
  const end = quote(endMark(nonce).trim());
  // The blank line ends a comment or a backslash that the script's last line may leave open.
  const whole = quote(`{ :\n${script}\n\n}`);
  return `{
PATH=${TOOL_PATH} LC_ALL=C LANGUAGE=C
export PATH LC_ALL LANGUAGE
unset CDPATH ENV BASH_ENV
umask 022
cd /
printf '%s\\n' ${begin}
printf '%s\\n' ${begin} >&2
( eval ${whole} ) </dev/null
set -- "$?"
printf '%s %s\\n' ${end} "$1"
printf '%s %s\\n' ${end} "$1" >&2
exit 0
}
`;
}
