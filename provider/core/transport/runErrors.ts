import { HostError, type HostErrorKind } from "../errors";
import type { Connection } from "./connection";
import type { Outcome } from "./conversation";
import { lastLine } from "./tail";
import { NO_SUDO, SHELL_SCRIPT } from "./wrapper";

/** What a run that did not finish was about. */
export interface RunContext {
  connection: Connection;
  timeoutMs: number;
  maxOutputBytes: number;
  /** Whether the connection under it still works; a local one always does. */
  linkAlive: boolean;
}

/** ssh's words when the host has no more sessions for this connection (MaxSessions). */
export const NO_SESSION_LEFT =
  /Session open refused by peer|open failed: (resource shortage|administratively prohibited|connect failed)/;

type Unfinished = Exclude<Outcome, { kind: "finished" }>;

/** What it means that a run did not come to its end. */
export function runError(outcome: Unfinished, context: RunContext): HostError {
  const { host } = context.connection;
  switch (outcome.kind) {
    case "closed":
      return outcome.phase === "shell" ? noRootShell(outcome, context) : cutInScript(outcome, context);
    case "timeout":
      return timedOut(outcome, context);
    case "flood":
      return new HostError("unexpected", host, flood(outcome.phase, context.maxOutputBytes), {
        advice:
          outcome.phase === "shell"
            ? "Look at the login shell's start-up files."
            : "Nothing we ask for is that long: look at the host.",
      });
    case "not-root":
      return new HostError("become", host, `logged in as user id ${outcome.user}, not as root`, {
        advice: 'Log in as root, or set become to "sudo".',
      });
    case "wrong-password":
      return new HostError("become", host, "sudo did not accept the password", {
        advice: "Check become.password; it is the login user's own unless sudoers says otherwise (rootpw, targetpw).",
      });
    case "not-started":
      return new HostError("unexpected", host, `could not start a process: ${outcome.cause.message}`, {
        cause: outcome.cause,
      });
    case "listener-failed":
      return new HostError("unexpected", host, "reading the script's output failed", { cause: outcome.cause });
  }
}

/** The run was ended by us, through `close`. */
export function closedMeanwhile(host: string): HostError {
  return new HostError("unexpected", host, "the run was stopped; what it started on the host may go on");
}

interface ShellRule {
  pattern: RegExp;
  /** Default: become. */
  kind?: HostErrorKind;
  problem: string;
  advice: (user: string) => string;
}

/** Messages of sudo and sudo-rs with LC_ALL=C, of PAM, and of the shell that sudo starts. */
const SHELL_RULES: readonly ShellRule[] = [
  {
    pattern: NO_SESSION_LEFT,
    kind: "unexpected",
    problem: "the host opens no session for this login",
    advice: () => "Raise MaxSessions in its sshd_config: six are used, and one is needed.",
  },
  {
    // Of sshd without a terminal to ask for a new one at, or of sudo.
    kind: "authentication",
    pattern: /password change required|password has expired|password is expired/i,
    problem: "the user's password has expired",
    advice: (user) => `Change it on the host, or let it never expire there: \`chage --maxdays -1 ${user}\`.`,
  },
  {
    pattern: /\bexec: .*\bsh: .*Permission denied|\bexec: sh: Permission denied/,
    problem: "sudo lets the shell start no other program (NOEXEC)",
    advice: (user) => `Allow that in sudoers: \`${user} ALL=(root) NOPASSWD: EXEC: /bin/sh, /usr/bin/sh\`.`,
  },
  {
    pattern: new RegExp(NO_SUDO),
    problem: "there is no sudo",
    advice: () => "Install sudo on the host, or log in as root.",
  },
  {
    pattern: /you must have a tty/i,
    problem: "sudo wants a terminal",
    advice: (user) => `Lift that for this user in sudoers: \`Defaults:${user} !requiretty\`.`,
  },
  {
    pattern: /not in the sudoers file|is not allowed to run sudo|may not run sudo/i,
    problem: "the user may not use sudo",
    advice: (user) => `Add a rule to sudoers: \`${user} ALL=(root) NOPASSWD: /bin/sh, /usr/bin/sh\`.`,
  },
  {
    pattern: /is not allowed to execute|not allowed to run|command not allowed|I'm sorry .*\. I'm afraid/i,
    problem: "sudo does not let the user run a shell",
    advice: (user) =>
      `Allow it in sudoers: \`${user} ALL=(root) NOPASSWD: /bin/sh, /usr/bin/sh\` (the command is always \`sh -c '${SHELL_SCRIPT}'\`).`,
  },
  {
    pattern: /incorrect password attempt|no password was provided|Authentication failure|Maximum .*attempts/i,
    problem: "sudo did not accept the password",
    advice: () => "Check become.password; it is the login user's own unless sudoers says otherwise (rootpw, targetpw).",
  },
  {
    // Also when sudoers allows other commands only: sudo asks who we are before it says so.
    pattern: /a password is required|interactive authentication is required|no tty present|terminal is required/i,
    problem: "sudo asks for a password",
    advice: (user) =>
      `Give become.password, or a rule in sudoers: \`${user} ALL=(root) NOPASSWD: /bin/sh, /usr/bin/sh\`.`,
  },
  {
    pattern:
      /account validation failure|account has expired|account is locked|no new privileges|must be owned by uid 0|sudo: .*/i,
    problem: "sudo failed",
    advice: () => "Try `sudo -n true` on the host.",
  },
];

function noRootShell(outcome: Extract<Unfinished, { kind: "closed" }>, context: RunContext): HostError {
  const { host } = context.connection;
  const details = { output: outcome.stderr || outcome.stdout, exitCode: outcome.exitCode ?? undefined };
  if (!context.linkAlive) {
    return new HostError("unreachable", host, "the link was lost before the script began", {
      ...details,
      advice: LINK_ADVICE,
    });
  }
  const rule = SHELL_RULES.find((candidate) => candidate.pattern.test(outcome.stderr));
  if (rule) {
    const said = /^.*sudo.*: .*$/m.exec(outcome.stderr)?.[0];
    return new HostError(rule.kind ?? "become", host, said ? `${rule.problem} ("${lastLine(said)}")` : rule.problem, {
      ...details,
      advice: rule.advice(context.connection.user ?? "USER"),
    });
  }
  const said = lastLine(details.output);
  return new HostError(
    "unexpected",
    host,
    `the login shell did not start sh (exit code ${outcome.exitCode ?? "none"}${said && `: ${said}`})`,
    {
      ...details,
      advice:
        "Log in by hand and try `sh`: a forced command, a restricted shell without sh, a locked account, or a limit of processes prevents it.",
    },
  );
}

const LINK_ADVICE = "Check the network between here and the host, then try again.";

function cutInScript(outcome: Extract<Unfinished, { kind: "closed" }>, context: RunContext): HostError {
  const { host } = context.connection;
  const details = { output: outcome.stderr, exitCode: outcome.exitCode ?? undefined };
  if (!context.linkAlive) {
    return new HostError("unreachable", host, "the link was lost while the script ran; how it ended is not known", {
      ...details,
      advice: LINK_ADVICE,
    });
  }
  return new HostError("unexpected", host, "the shell on the host ended in the middle of the script", {
    ...details,
    advice: "Something on the host killed it: look at the kernel's log for lack of memory.",
  });
}

function timedOut(outcome: Extract<Unfinished, { kind: "timeout" }>, context: RunContext): HostError {
  const { host } = context.connection;
  const seconds = Math.round(context.timeoutMs / 100) / 10;
  const details = { output: outcome.stderr };
  if (outcome.phase === "script") {
    return new HostError("timeout", host, `the script did not end within ${seconds} s and may still run`, {
      ...details,
      advice: "Look at the host's load and its disks; a hanging mount is the usual cause.",
    });
  }
  const said = lastLine(outcome.stderr);
  return new HostError(
    "timeout",
    host,
    `root's shell did not start within ${seconds} s${said && ` (last words: ${said})`}`,
    {
      ...details,
      advice: outcome.passwordSent
        ? "sudo took the password and did not go on: look at PAM on the host."
        : "Look at the login shell's start-up files, and at what sudo asks for on the host.",
    },
  );
}

function flood(phase: "shell" | "script", maxOutputBytes: number): string {
  return phase === "shell"
    ? "the login shell prints without end before it starts a command"
    : `the script printed more than ${maxOutputBytes} bytes`;
}
