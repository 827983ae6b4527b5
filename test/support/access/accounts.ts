import type { Become, Connection } from "../../../provider/core/transport/connection";
import type { LabHost } from "../lab/labHost";
import { run } from "../lab/process";
import type { Refusal } from "./way";

/** A way in that is an account of its own: a login shell, a rule for sudo, files at home. */
export interface Account {
  /** The row of the table. */
  name: string;
  shell?: string;
  /** The account's password on the host. None: it is locked, as on most hosts with keys. */
  password?: string;
  /** Lines for sudoers, `USER` standing for the account. Default: everything, without a password. */
  sudoers?: readonly string[];
  /** Files at home. */
  files?: Readonly<Record<string, string>>;
  /** Options before the key in authorized_keys. */
  keyOptions?: string;
  /** Shell text run as root once the account is there, with `$USER` and `$HOME`. */
  prepare?: string;
  /** What is done to the whole host while this way is tried, and how it is undone; both as root. */
  during?: { begin: string; end: string };
  connection?: Partial<Connection>;
  become?: Become;
  /** Bound on a run, where it is meant to be reached. */
  seconds?: number;
  /** Undefined if it must work. */
  refused?: Refusal;
}

export const sudo: Become = { method: "sudo", password: undefined };
export const sudoWith = (password: string): Become => ({ method: "sudo", password });

/** The name that an account has on the host. */
export const userOf = (index: number) => `way${index}`;

/** Makes all accounts at once. Keys are outside of the homes, since one way is a home that is missing. */
export async function makeAccounts(host: LabHost, accounts: readonly Account[]): Promise<void> {
  const hashes = new Map<string, string>();
  for (const { password } of accounts) {
    if (password && !hashes.has(password)) {
      const hashed = await run("openssl", ["passwd", "-6", "-stdin"], { input: password });
      hashes.set(password, hashed.trim());
    }
  }
  const lines = [
    "install -d -m 755 /etc/ssh/keys",
    "printf 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%%u\\n' >/etc/ssh/sshd_config.d/keys.conf",
    "systemctl reload ssh",
    "key=$(cat /home/deploy/.ssh/authorized_keys)",
    ...accounts.flatMap((account, index) => accountLines(account, userOf(index), hashes.get(account.password ?? ""))),
  ];
  await host.writeFile("/root/accounts.sh", lines.join("\n"));
  await host.succeed("bash -euo pipefail /root/accounts.sh; rm /root/accounts.sh", { seconds: 120 });
}

function accountLines(account: Account, user: string, hash: string | undefined): string[] {
  const home = `/home/${user}`;
  const rules = account.sudoers ?? ["USER ALL=(ALL) NOPASSWD: ALL"];
  const files = Object.entries(account.files ?? {});
  return [
    `USER=${user} HOME=${home}`,
    // Straight into the databases: useradd takes a tenth of a second each.
    `echo "${user}:x:${numberOf(user)}:${numberOf(user)}::${home}:${account.shell ?? "/bin/bash"}" >>/etc/passwd`,
    `echo '${user}:${hash ?? "*"}:19000:0:99999:7:::' >>/etc/shadow`,
    `echo '${user}:x:${numberOf(user)}:' >>/etc/group`,
    `install -d -m 755 ${home}`,
    ...files.map(([name, text]) => `mkdir -p "$(dirname ${home}/${name})"; ${write(`${home}/${name}`, text)}`),
    `chown -R ${user}:${user} ${home}`,
    `echo ${quote(account.keyOptions ? `${account.keyOptions} ` : "")}"$key" >/etc/ssh/keys/${user}`,
    ...(rules.length > 0 ? [write(`/etc/sudoers.d/${user}`, rules.join("\n").replaceAll("USER", user))] : []),
    `chmod -f 440 /etc/sudoers.d/${user} || :`,
    ...(account.prepare ? [`( ${account.prepare}\n)`] : []),
  ];
}

const numberOf = (user: string) => 3000 + Number(user.slice("way".length));

function write(path: string, text: string): string {
  return `cat >${path} <<'END OF FILE'\n${text}\nEND OF FILE`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
