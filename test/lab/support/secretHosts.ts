import type { LabHost } from "../../support/lab/labHost";

/** Where sudo records what it sees. */
export const sudoLog = "/var/log/sudo-io";

const fails = "/run/mount-fails";
const waits = "/run/mount-waits";
const reached = "/run/mount-reached";
/** Fails, or lets an apply wait in its middle for two minutes at most, when it is told to. */
const standIn = `#!/bin/sh
[ ! -e ${fails} ] || { echo 'no mounts today' >&2; exit 32; }
if [ -e ${waits} ]; then
  touch ${reached}
  for i in $(seq 600); do [ -e ${waits} ] || break; sleep 0.2; done
fi
exec /usr/bin/mount "$@"
`;

/** From now on whatever is mounted fails to be. */
export async function letMountFail(host: LabHost): Promise<void> {
  await host.succeed(`cat >/usr/sbin/mount; chmod 755 /usr/sbin/mount; touch ${fails}`, { input: standIn });
}

/** From now on an apply stays where it mounts. */
export async function letMountWait(host: LabHost): Promise<void> {
  await host.succeed(`cat >/usr/sbin/mount; chmod 755 /usr/sbin/mount; touch ${waits}`, { input: standIn });
}

export async function untilMountWaits(host: LabHost): Promise<void> {
  await host.succeed(`for i in $(seq 600); do [ ! -e ${reached} ] || exit 0; sleep 0.2; done; exit 1`, {
    seconds: 150,
  });
}

export async function letMountGoOn(host: LabHost): Promise<void> {
  await host.succeed(`rm -f ${fails} ${waits}`);
}

export const pinned = (host: LabHost) => ({ host: host.address, hostKey: host.connection.hostKey });

export async function setPassword(host: LabHost, user: string, password: string): Promise<void> {
  await host.succeed("chpasswd", { input: `${user}:${password}\n` });
}

export async function authorize(host: LabHost, user: string, publicKey: string): Promise<void> {
  await host.succeed(`install -d -m 700 -o ${user} ~${user}/.ssh; cat >~${user}/.ssh/authorized_keys`, {
    input: publicKey,
  });
}

export async function makeUser(
  host: LabHost,
  user: string,
  options: { password?: string; publicKey?: string; sudoers?: string },
): Promise<void> {
  await host.succeed(`useradd --create-home --shell /bin/bash ${user}`);
  if (options.password) await setPassword(host, user, options.password);
  if (options.publicKey) await authorize(host, user, options.publicKey);
  if (options.sudoers) await host.succeed(`cat >/etc/sudoers.d/${user}`, { input: `${options.sudoers}\n` });
}
