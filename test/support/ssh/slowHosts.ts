import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SshServer } from "./server";
import { type NotedSession, noting, takeSessions } from "./sessionNotes";

/** systemd of a host on which nova-compute runs, as far as facts ask; this machine need not run systemd. */
const systemctl = `#!/bin/sh
case $* in
  --version) echo 'systemd 252 (252.39)' ;;
  "show -p Id,"*) printf 'Id=nova-compute.service\\nLoadState=loaded\\nActiveState=active\\nSubState=running\\nMainPID=0\\nUnitFileState=enabled\\n' ;;
esac
`;

export interface Session extends NotedSession {
  host: number;
}

/**
 * Hosts that take their time: each is a real sshd whose root's shell first sleeps. Behind it is this machine, with a
 * nova-compute that is only said to run. Each keeps a list of its sessions.
 */
export class SlowHosts {
  private constructor(
    private readonly folder: string,
    readonly servers: SshServer[],
  ) {}

  /** @param addresses where the hosts listen, one after the other; 127.0.0.1 for those without. */
  static async start(count: number, seconds: number, addresses: readonly string[] = []): Promise<SlowHosts> {
    const folder = mkdtempSync("/tmp/hm-slow-");
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "tools"));
    writeFileSync(join(folder, "tools", "systemctl"), systemctl, { mode: 0o755 });
    const start = (host: number) => {
      const address = addresses[host];
      return SshServer.start({ loginShell: slowShell(folder, host, seconds), ...(address ? { address } : {}) });
    };
    return new SlowHosts(folder, await Promise.all(Array.from({ length: count }, (_, host) => start(host))));
  }

  /** Sessions since the last time this was asked; one that has not ended is an error. */
  sessions(): Session[] {
    return this.servers.flatMap((_, host) => {
      const file = join(this.folder, `sessions-${host}`);
      const { ended, open } = takeSessions(file);
      if (open > 0) throw new Error(`host ${host}: ${open} sessions have not ended`);
      return ended.map((session) => ({ host, ...session }));
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function slowShell(folder: string, host: number, seconds: number): string {
  const notes = `${folder}/sessions-${host}`;
  return `#!/bin/sh
${noting("start", notes)}
sleep ${seconds}
# In the name space of this sshd only; /usr/sbin comes first in everybody's PATH.
grep -q ' /usr/sbin overlay ' /proc/self/mounts || mount -t overlay -o lowerdir=${folder}/tools:/usr/sbin overlay /usr/sbin
/bin/sh "$@"
code=$?
${noting("end", notes)}
exit $code
`;
}
