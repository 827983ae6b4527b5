/**
 * The environment for ssh and its tools. A shared connection lives on after us, so what is secret in our environment (the
 * engine's passphrase and token, OpenStack's password) must not go with it. The rest stays: ssh_config may name programs that
 * need it.
 */
export function sshEnvironment(additions: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PULUMI|OS|NODE|NPM)_/i.test(name));
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

/** The environment for a shell on this machine: who we are and where tools are, nothing of the program that called us. */
export function localEnvironment(): NodeJS.ProcessEnv {
  const names = ["PATH", "HOME", "USER", "LOGNAME", "SHELL"];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined));
}
