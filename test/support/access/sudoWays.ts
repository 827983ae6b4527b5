import { type Account, sudo, sudoWith } from "./accounts";

/** With everything in it that a shell, sudo or a terminal could take for something else. */
const password = 'p\'w $(id) "%h" \\ ünïcode';
const withPassword = ["USER ALL=(ALL) ALL"];
const whole = "NOPASSWD: ALL";

/** A ticket from before, as an open session of the same user leaves one. */
const ticket = `printf '%s\\n' ${quote(password)} | su -s /bin/sh "$USER" -c "sudo -S -p '' -v"`;

/** Every way that sudo is set up in, on a host with a real one. */
export const sudoWays: readonly Account[] = [
  { name: "sudo without a password" },
  { name: "sudo without a password, and one is given all the same", become: sudoWith(password) },
  { name: "sudo with a password", password, sudoers: withPassword, become: sudoWith(password) },
  {
    name: "sudo with a password that is not given",
    password,
    sudoers: withPassword,
    refused: { kind: "become", says: /sudo asks for a password[\s\S]*Give become\.password/ },
  },
  {
    name: "sudo with a wrong password",
    password,
    sudoers: withPassword,
    become: sudoWith("wrong-4711"),
    refused: { kind: "become", says: /sudo did not accept the password[\s\S]*become\.password/ },
  },
  {
    name: "sudo with a cached ticket and a password",
    password,
    sudoers: ["Defaults:USER timestamp_type=global", ...withPassword],
    prepare: ticket,
    become: sudoWith(password),
  },
  {
    name: "sudo with a cached ticket and no password",
    password,
    sudoers: ["Defaults:USER timestamp_type=global", ...withPassword],
    prepare: ticket,
  },
  {
    name: "sudo that never remembers",
    password,
    sudoers: ["Defaults:USER timestamp_timeout=0, passwd_tries=1", ...withPassword],
    become: sudoWith(password),
  },
  {
    name: "sudo that wants a terminal",
    sudoers: ["Defaults:USER requiretty", `USER ALL=(ALL) ${whole}`],
    refused: { kind: "become", says: /sudo wants a terminal[\s\S]*Defaults:way\d+ !requiretty/ },
  },
  {
    name: "sudo that wants a terminal and a password",
    password,
    sudoers: ["Defaults:USER requiretty", ...withPassword],
    become: sudoWith(password),
    refused: { kind: "become", says: /sudo wants a terminal[\s\S]*!requiretty/ },
  },
  { name: "sudo that gives a terminal", sudoers: ["Defaults:USER use_pty", `USER ALL=(ALL) ${whole}`] },
  {
    name: "sudo that gives a terminal, with a password",
    password,
    sudoers: ["Defaults:USER use_pty", ...withPassword],
    become: sudoWith(password),
  },
  {
    name: "sudo that records all it sees",
    password,
    sudoers: ["Defaults:USER log_input, log_output, use_pty", ...withPassword],
    become: sudoWith(password),
  },
  { name: "narrow sudoers that allow sh", sudoers: ["USER ALL=(root) NOPASSWD: /bin/sh, /usr/bin/sh"] },
  {
    name: "narrow sudoers that allow sh with our command alone",
    sudoers: [
      `USER ALL=(root) NOPASSWD: /bin/sh -c echo hostmem-root-shell $(id -u); exec sh -s, /usr/bin/sh -c echo hostmem-root-shell $(id -u); exec sh -s`,
    ],
  },
  {
    name: "narrow sudoers that allow something else",
    sudoers: ["USER ALL=(root) NOPASSWD: /usr/bin/systemctl"],
    refused: { kind: "become", says: /sudo asks for a password[\s\S]*NOPASSWD: \/bin\/sh, \/usr\/bin\/sh/ },
  },
  {
    name: "narrow sudoers that allow something else, with a password",
    password,
    sudoers: ["USER ALL=(root) /usr/bin/systemctl"],
    become: sudoWith(password),
    refused: { kind: "become", says: /sudo does not let the user run a shell[\s\S]*NOPASSWD: \/bin\/sh/ },
  },
  {
    name: "sudoers that allow another user than root",
    sudoers: [`USER ALL=(nobody) ${whole}`],
    refused: { kind: "become", says: /sudo asks for a password[\s\S]*ALL=\(root\)/ },
  },
  {
    name: "sudoers without the user",
    password,
    sudoers: [],
    become: sudoWith(password),
    refused: { kind: "become", says: /the user may not use sudo[\s\S]*Add a rule to sudoers: `way\d+ ALL/ },
  },
  {
    name: "sudo that lets its command start no other",
    sudoers: ["USER ALL=(ALL) NOPASSWD: NOEXEC: ALL"],
    refused: { kind: "become", says: /NOEXEC/ },
  },
  {
    name: "secure_path without sbin",
    sudoers: ["Defaults:USER secure_path=/usr/bin:/bin", `USER ALL=(ALL) ${whole}`],
  },
  { name: "no secure_path", sudoers: ["Defaults:USER !secure_path", `USER ALL=(ALL) ${whole}`] },
  {
    name: "sudo that keeps the whole environment",
    files: { ".bashrc": "export LC_ALL=C.UTF-8 TMPDIR=/nonexistent CDPATH=/tmp ENV=/nonexistent POSIXLY_CORRECT=1" },
    sudoers: ["Defaults:USER !env_reset", `USER ALL=(ALL) NOPASSWD: SETENV: ALL`],
  },
  { name: "sudo with umask 0777", sudoers: ["Defaults:USER umask=0777", `USER ALL=(ALL) ${whole}`] },
  {
    name: "sudo that lectures and insults",
    password,
    sudoers: ["Defaults:USER lecture=always, insults, pwfeedback", ...withPassword],
    become: sudoWith(password),
  },
  {
    name: "sudo with a prompt of its own",
    password,
    sudoers: [`Defaults:USER passprompt="[sudo] password for %p: ", passprompt_override`, ...withPassword],
    become: sudoWith(password),
  },
  {
    name: "sudo that asks for root's password",
    password,
    sudoers: ["Defaults:USER rootpw", ...withPassword],
    become: sudoWith(password),
    refused: { kind: "become", says: /sudo did not accept the password[\s\S]*rootpw/ },
  },
  {
    name: "an account that may gain no rights",
    shell: "/usr/local/bin/no-new-rights",
    prepare:
      "printf '#!/bin/sh\\nexec setpriv --no-new-privs /bin/sh \"$@\"\\n' >/usr/local/bin/no-new-rights; chmod 755 /usr/local/bin/no-new-rights",
    refused: { kind: "become", says: /no new privileges/ },
  },
  {
    name: "no sudo asked for, and not root",
    become: { method: "none", password: undefined },
    refused: { kind: "become", says: /logged in as user id \d+, not as root[\s\S]*become/ },
  },
  {
    name: "root's own login",
    connection: { user: "root" },
    prepare: "cp /etc/ssh/keys/$USER /etc/ssh/keys/root",
    become: sudo,
  },
];

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
