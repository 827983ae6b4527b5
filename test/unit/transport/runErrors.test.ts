import { strict as assert } from "node:assert";
import type { HostErrorKind } from "../../../provider/core/errors";
import type { Outcome } from "../../../provider/core/transport/conversation";
import { runError } from "../../../provider/core/transport/runErrors";
import { connection } from "./connections";

const context = { connection: connection(), timeoutMs: 1500, maxOutputBytes: 100, linkAlive: true };

function closed(stderr: string, changes: Partial<Extract<Outcome, { kind: "closed" }>> = {}) {
  return { kind: "closed", phase: "shell", exitCode: 1, stdout: "", stderr, passwordSent: false, ...changes } as const;
}

describe("why there is no root's shell", () => {
  // sudo 1.8 to 1.9 and sudo-rs 0.2, LC_ALL=C.
  const cases: [name: string, stderr: string, problem: RegExp, advice: RegExp][] = [
    [
      "a password is needed",
      "sudo: a password is required",
      /sudo asks for a password/,
      /become\.password.*NOPASSWD: \/bin\/sh/,
    ],
    [
      "a password is needed (sudo-rs)",
      "sudo: interactive authentication is required",
      /sudo asks for a password/,
      /NOPASSWD/,
    ],
    ["not in sudoers", "deploy is not in the sudoers file.", /may not use sudo/, /deploy ALL=\(root\) NOPASSWD/],
    [
      "not in sudoers (old)",
      "deploy is not in the sudoers file.  This incident will be reported.",
      /may not use sudo/,
      /deploy ALL=\(root\) NOPASSWD/,
    ],
    ["no sudo on this host", "Sorry, user deploy may not run sudo on compute-1.", /may not use sudo/, /sudoers/],
    [
      "shells are not allowed",
      "Sorry, user deploy is not allowed to execute '/usr/bin/sh -c echo hostmem-root-shell $(id -u); exec sh -s' as root on compute-1.",
      /does not let the user run a shell/,
      /\/bin\/sh/,
    ],
    [
      "shells are not allowed (sudo-rs)",
      "sudo: I'm sorry deploy. I'm afraid I can't do that",
      /does not let the user run a shell/,
      /\/bin\/sh/,
    ],
    ["a terminal is needed", "sudo: sorry, you must have a tty to run sudo", /sudo wants a terminal/, /!requiretty/],
    [
      "the password was wrong",
      "Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password attempt",
      /did not accept/,
      /rootpw/,
    ],
    ["there is no sudo", "hostmem-no-sudo", /there is no sudo/, /Install sudo/],
    [
      "sudo is damaged",
      "sudo: /etc/sudo.conf is owned by uid 1000, should be 0\nsudo: no valid sudoers sources found, quitting",
      /sudo failed/,
      /./,
    ],
  ];
  // As seen on Debian 12 with OpenSSH 9.2, Linux-PAM 1.5, dash 0.5.12 and bash 5.2.
  const others: [...(typeof cases)[number], kind: HostErrorKind][] = [
    [
      "the login's password has expired",
      "WARNING: Your password has expired.\nPassword change required but no TTY available.",
      /password has expired/,
      /chage --maxdays -1 deploy/,
      "authentication",
    ],
    [
      "sudo finds the password expired",
      "sudo: Account or password is expired, reset your password and try again",
      /password has expired/,
      /chage/,
      "authentication",
    ],
    [
      "sudo lets dash start nothing",
      "sh: 1: id: Permission denied\nsh: 1: exec: sh: Permission denied",
      /NOEXEC/,
      /NOPASSWD: EXEC: \/bin\/sh/,
      "become",
    ],
    [
      "sudo lets bash start nothing",
      "sh: line 1: /usr/bin/sh: Permission denied\nsh: line 1: exec: /usr/bin/sh: cannot execute: Permission denied",
      /NOEXEC/,
      /EXEC:/,
      "become",
    ],
    [
      "no session is left",
      "mux_client_request_session: session request failed: Session open refused by peer",
      /opens no session/,
      /MaxSessions/,
      "unexpected",
    ],
  ];
  const all = [...cases.map((each) => [...each, "become"] as const), ...others];
  for (const [name, stderr, problem, advice, kind] of all) {
    it(name, () => {
      const error = runError(closed(stderr), context);
      assert.equal(error.kind, kind);
      assert.match(error.problem, problem);
      assert.match(error.advice!, advice);
      assert.equal(error.message.split("\n").length, 2);
    });
  }

  it("quotes a login shell that refuses to run anything", () => {
    const error = runError(closed("", { stdout: "This account is currently not available." }), context);
    assert.equal(error.kind, "unexpected");
    assert.match(error.problem, /exit code 1: This account is currently not available\./);
    const restricted = runError(closed("rbash: line 1: sh: command not found", { exitCode: 127 }), context);
    assert.match(restricted.problem, /exit code 127: rbash/);
  });
});

describe("why a run did not come to its end", () => {
  const others: [
    name: string,
    outcome: Parameters<typeof runError>[0],
    linkAlive: boolean,
    kind: HostErrorKind,
    problem: RegExp,
  ][] = [
    [
      "the link was lost before the script began",
      closed("", { exitCode: 255 }),
      false,
      "unreachable",
      /before the script began/,
    ],
    [
      "the link was lost in the script",
      closed("", { phase: "script", exitCode: 255 }),
      false,
      "unreachable",
      /how it ended is not known/,
    ],
    [
      "the shell was killed",
      closed("", { phase: "script", exitCode: 137 }),
      true,
      "unexpected",
      /in the middle of the script/,
    ],
    [
      "the script took too long",
      { kind: "timeout", phase: "script", stderr: "", passwordSent: false },
      true,
      "timeout",
      /within 1\.5 s/,
    ],
    [
      "sudo waits for something else",
      { kind: "timeout", phase: "shell", stderr: "Insert your token:", passwordSent: false },
      true,
      "timeout",
      /last words: Insert your token:/,
    ],
    ["the script printed too much", { kind: "flood", phase: "script" }, true, "unexpected", /more than 100 bytes/],
    [
      "the login shell printed too much",
      { kind: "flood", phase: "shell" },
      true,
      "unexpected",
      /login shell prints without end/,
    ],
    ["we are not root", { kind: "not-root", user: 1000 }, true, "become", /user id 1000/],
    ["the password was asked for again", { kind: "wrong-password" }, true, "become", /did not accept the password/],
  ];
  for (const [name, outcome, linkAlive, kind, problem] of others) {
    it(name, () => {
      const error = runError(outcome, { ...context, linkAlive });
      assert.equal(error.kind, kind);
      assert.match(error.problem, problem);
      assert.ok(error.advice);
    });
  }
});
