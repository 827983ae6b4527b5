import type { Become, Connection } from "./connection";

/** What a shell, and ssh itself, cannot do without, even if a short password happens to be a part of it. */
const shellNames = ["PATH", "HOME", "USER", "LOGNAME", "SHELL"];
const sshNames = [...shellNames, "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "TMPDIR"];

/** A shorter secret is a part of too much that has nothing to do with it. */
const shortestPart = 4;

const withheld = new Set<string>();

/** From now on no program of ours is given a variable that has one of these credentials in it. */
export function withhold(connection: Connection, become?: Become): void {
  const { password, privateKey, privateKeyPassword, proxy } = connection;
  for (const secret of [password, privateKey, privateKeyPassword, become?.password])
    if (secret) withheld.add(written(secret));
  if (proxy) withhold(proxy);
}

/**
 * The environment for ssh and its tools. A shared connection lives on after us, so what is secret in our environment (the
 * engine's passphrase and token, OpenStack's password, whatever a program took a credential from) must not go with it. The
 * rest stays: ssh_config may name programs that need it.
 */
export function sshEnvironment(additions: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name, value = ""]) => sshNames.includes(name) || !(/^(PULUMI|OS|NODE|NPM)_/i.test(name) || isWithheld(value)),
  );
  return {
    ...Object.fromEntries(kept),
    // The messages we read are English.
    LC_ALL: "C",
    LANGUAGE: "C",
    // Never ask a person: there is none. Replaced where somebody of ours answers.
    SSH_ASKPASS_REQUIRE: "never",
    SSH_ASKPASS: "/bin/false",
    ...additions,
  };
}

function isWithheld(value: string): boolean {
  const text = written(value);
  return [...withheld].some((secret) => text === secret || (secret.length >= shortestPart && text.includes(secret)));
}

/** A key in a variable may have lost its last line end, have others, or have them as backslash and n. */
function written(text: string): string {
  return text.replace(/\\[nr]|\s/g, "");
}

/** The environment for a shell on this machine: who we are and where tools are, nothing of the program that called us. */
export function localEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    shellNames.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined),
  );
}
