import { HostError } from "../errors";
import type { Connection } from "./connection";
import { LOGIN_RULES } from "./loginRules";
import { lastLine } from "./tail";

/** What ssh said when it could not log in, and what else is known about the attempt. */
export interface LoginFailure {
  stderr: string;
  /** ssh was ended by our bound on the login. */
  timedOut: boolean;
  /** Questions of the host that nobody could answer. */
  unanswered: readonly string[];
  /** What we answered and had to hear again. */
  refused: "password" | "passphrase" | undefined;
}

/** What a failed login means. */
export function loginError(connection: Connection, failure: LoginFailure): HostError {
  const { stderr } = failure;
  const { host } = connection;
  if (failure.refused) return refusedAnswer(connection, failure.refused, stderr);
  for (const rule of LOGIN_RULES) {
    const match = rule.pattern.exec(stderr);
    if (!match) continue;
    const question = rule.kind === "authentication" ? strangeQuestion(failure) : undefined;
    if (question !== undefined) return askedSomethingElse(host, question, stderr);
    const problem = short(rule.problem(match, stderr));
    return new HostError(rule.kind, host, problem, { advice: rule.advice(connection), output: stderr });
  }
  if (failure.timedOut) {
    return new HostError("unreachable", host, "the login did not come to an end in time", {
      advice: "Look at the host's load and the way it logs users in (LDAP, PAM).",
      output: stderr,
    });
  }
  return new HostError("unexpected", host, `ssh failed: ${lastLine(stderr) || "without a word"}`, {
    advice: "Try `ssh HOST true` on this machine.",
    output: stderr,
  });
}

/** The error of a hop, as the host behind it sees it. */
export function hopError(host: string, error: unknown): unknown {
  if (!(error instanceof HostError)) return error;
  const { advice, output } = error;
  const details = { cause: error, ...(advice !== undefined && { advice }), ...(output !== undefined && { output }) };
  return new HostError(error.kind, host, `proxy ${error.host}: ${error.problem}`, details);
}

function refusedAnswer(connection: Connection, refused: "password" | "passphrase", stderr: string): HostError {
  const password = refused === "password";
  const problem = password ? "the host did not accept the password" : "privateKeyPassword does not open the key";
  const whose = connection.user ? `of user ${connection.user}` : "of the login user";
  const advice = password
    ? `It is to be the password ${whose} on the host.`
    : "It is to be the passphrase of privateKeyFile.";
  return new HostError("authentication", connection.host, problem, { advice, output: stderr });
}

function strangeQuestion(failure: LoginFailure): string | undefined {
  return failure.unanswered.at(-1);
}

function askedSomethingElse(host: string, question: string, stderr: string): HostError {
  return new HostError("authentication", host, `the login asks "${short(question)}", which cannot be answered here`, {
    advice: "Use a key, or an account whose login wants nothing but a password.",
    output: stderr,
  });
}

/** What comes from the host is one line of bounded length. */
function short(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
