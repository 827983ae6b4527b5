import type { Account } from "./accounts";

const noShell = /the login shell did not start sh/;
const german = "export LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 LANGUAGE=de";
const japanese = "export LANG=ja_JP.UTF-8 LC_ALL=ja_JP.UTF-8 LANGUAGE=ja";
const keepsLanguage = ['Defaults:USER env_keep += "LANG LC_ALL LANGUAGE"', "USER ALL=(ALL) NOPASSWD: ALL"];
const password = "pw 4711";

/** Login shells, what their start-up files do, and languages. */
export const shellWays: readonly Account[] = [
  { name: "login shell dash", shell: "/bin/dash" },
  { name: "login shell fish", shell: "/usr/bin/fish" },
  {
    name: "login shell fish that greets",
    shell: "/usr/bin/fish",
    files: { ".config/fish/config.fish": "echo 'Welcome to fish'; echo problem >&2; set -x PATH /usr/bin /bin" },
  },
  { name: "login shell tcsh", shell: "/bin/tcsh", files: { ".cshrc": "echo 'Welcome to tcsh'" } },
  {
    name: "login shell zsh",
    shell: "/bin/zsh",
    files: { ".zshenv": "echo 'Welcome to zsh'; setopt NO_NOMATCH KSH_ARRAYS" },
  },
  { name: "login shell busybox", shell: "/usr/local/bin/ash" },
  { name: "restricted bash", shell: "/bin/rbash" },
  {
    name: "restricted bash without sh",
    shell: "/bin/rbash",
    files: { ".bashrc": "PATH=$HOME/bin", "bin/README": "nothing here" },
    refused: { kind: "unexpected", says: /did not start sh[\s\S]*restricted shell/ },
  },
  {
    name: "login shell nologin",
    shell: "/usr/sbin/nologin",
    refused: { kind: "unexpected", says: /This account is currently not available[\s\S]*locked account/ },
  },
  { name: "login shell false", shell: "/bin/false", refused: { kind: "unexpected", says: noShell } },
  {
    name: "login shell that is missing",
    shell: "/opt/gone/bash",
    refused: { kind: "authentication", says: /refused every credential[\s\S]*sshd's log there says why/ },
  },
  {
    name: "profile that prints on standard output",
    files: { ".bashrc": "printf 'Welcome\\nhostmem-root-shell 0 \\033[31m no line end'; cat /proc/self/mounts" },
  },
  {
    name: "profile that prints on standard error",
    files: { ".bashrc": "echo 'sudo: 3 incorrect password attempts' >&2" },
  },
  {
    name: "profile that prints without end",
    files: { ".bashrc": "yes" },
    refused: { kind: "unexpected", says: /prints without end[\s\S]*start-up files/ },
  },
  {
    name: "profile that asks",
    files: { ".bashrc": "read -r -p 'Which project? ' project; while read -r more; do :; done" },
    seconds: 3,
    refused: { kind: "timeout", says: /did not start within[\s\S]*start-up files/ },
  },
  {
    name: "profile that ends the shell",
    files: { ".bashrc": "exit 0" },
    refused: { kind: "unexpected", says: noShell },
  },
  {
    name: "profile that starts a terminal multiplexer",
    files: { ".bashrc": "exec script -q -c bash /nonexistent/typescript" },
    refused: { kind: "unexpected", says: noShell },
  },
  { name: "profile that talks to a terminal", files: { ".bashrc": "stty -echo; mesg n; tput setaf 1; tty" } },
  {
    name: "profile that changes the shell",
    files: {
      ".bashrc": "set -eu; cd /tmp; umask 0777; shopt -s expand_aliases nocasematch; IFS=0; export CDPATH=/tmp",
    },
  },
  {
    name: "profile that spoils the path",
    files: { ".bashrc": "PATH=/nonexistent" },
    refused: { kind: "unexpected", says: /sh: (command not found|No such file)[\s\S]*try `sh`/ },
  },
  { name: "rc file of ssh that prints", files: { ".ssh/rc": "echo 'Welcome from ssh'; echo problem >&2" } },
  { name: "key with restrictions", keyOptions: 'restrict,from="10.0.0.0/8"' },
  {
    name: "key that is good for another place",
    keyOptions: 'from="192.0.2.1"',
    refused: { kind: "authentication", says: /refused every credential[\s\S]*authorized_keys/ },
  },
  {
    name: "key with a command of its own",
    keyOptions: 'command="echo only backups here"',
    refused: { kind: "unexpected", says: /only backups here[\s\S]*forced command/ },
  },
  {
    name: "key for files alone",
    keyOptions: 'command="internal-sftp"',
    refused: { kind: "unexpected", says: /forced command/ },
  },
  { name: "German", files: { ".bashrc": german }, sudoers: keepsLanguage },
  { name: "Japanese", files: { ".bashrc": japanese }, sudoers: keepsLanguage },
  {
    name: "German sudo with a password",
    password,
    files: { ".bashrc": german },
    sudoers: [keepsLanguage[0]!, "USER ALL=(ALL) ALL"],
    become: { method: "sudo", password },
  },
  {
    name: "Japanese sudo without the password",
    password,
    files: { ".bashrc": japanese },
    sudoers: [keepsLanguage[0]!, "USER ALL=(ALL) ALL"],
    refused: { kind: "become", says: /sudo asks for a password/ },
  },
  {
    name: "password by questions in German",
    password,
    files: { ".bashrc": german },
    connection: { privateKeyFile: undefined, agentSocketPath: "/nonexistent", password },
  },
  {
    name: "password and key together",
    password,
    prepare: `printf 'Match User %s\\n  AuthenticationMethods publickey,password\\n' "$USER" >/etc/ssh/sshd_config.d/both-$USER.conf; systemctl reload ssh`,
    connection: { password },
  },
  {
    name: "password that has expired",
    password,
    prepare: "chage -d 0 $USER",
    refused: { kind: "authentication", says: /password has expired[\s\S]*chage --maxdays/ },
  },
  {
    name: "account that has expired",
    prepare: "chage -E 1 $USER",
    refused: { kind: "authentication", says: /account has expired[\s\S]*chage --expiredate/ },
  },
  { name: "home that is missing", prepare: "rm -r $HOME" },
  { name: "home that nobody may enter", prepare: "chown root: $HOME; chmod 000 $HOME" },
  {
    name: "files of no length",
    files: { ".bashrc": "ulimit -f 0" },
    refused: { kind: "failed", says: /cannot write to \/var\/lib\/hostmem; nothing was changed[\s\S]*File size limit/ },
  },
  { name: "few open files", files: { ".bashrc": "ulimit -n 12" } },
  { name: "few processes", prepare: `echo "$USER hard nproc 4" >>/etc/security/limits.conf` },
  {
    name: "no processes",
    prepare: `echo "$USER hard nproc 0" >>/etc/security/limits.conf`,
    refused: { kind: "unexpected", says: /limit/ },
  },
  { name: "little memory", files: { ".bashrc": "ulimit -v 60000; ulimit -s 256" } },
];
