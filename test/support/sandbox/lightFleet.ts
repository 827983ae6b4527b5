import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SshServer } from "../ssh/server";
import { type NotedSession, noting, takeSessions } from "../ssh/sessionNotes";
import { type Files, LightHost } from "./lightHost";

/** Light hosts that are reached by SSH, each behind a real sshd of its own. */
export class LightFleet {
  private constructor(
    private readonly folder: string,
    readonly hosts: ReadonlyMap<string, { light: LightHost; server: SshServer }>,
  ) {}

  static async start(names: readonly string[], files: Files = {}): Promise<LightFleet> {
    const folder = mkdtempSync(join(tmpdir(), "hm-fleet-"));
    const hosts = await Promise.all(
      names.map(async (name, index) => {
        const machineId = `${index + 1}`.padStart(32, "0f");
        const light = await LightHost.start({ "/etc/machine-id": `${machineId}\n`, ...files });
        const server = await SshServer.start({
          loginShell: `#!/bin/sh
${noting("start", join(folder, name))}
${light.shell}/sh "$@"
code=$?
${noting("end", join(folder, name))}
exit $code
`,
          address: `127.0.0.${101 + index}`,
        });
        return [name, { light, server }] as const;
      }),
    );
    return new LightFleet(folder, new Map(hosts));
  }

  light(name: string): LightHost {
    return this.hosts.get(name)!.light;
  }

  server(name: string): SshServer {
    return this.hosts.get(name)!.server;
  }

  /** Services that were restarted on a host, in their order. */
  restarts(name: string): string[] {
    return this.light(name).run("cat /run/restarted 2>/dev/null || :").split("\n").filter(Boolean);
  }

  /** Applies that a host was given. */
  applies(name: string): number {
    return this.light(name).run("cat /run/started 2>/dev/null || :").split("\n").filter(Boolean).length;
  }

  /** All that an apply changes on a host. */
  files(name: string): Files {
    return this.light(name).files(["/etc/nova", "/etc/libvirt", "/etc/fstab", "/etc/systemd", "/var/lib/hostmem"]);
  }

  /** When files of a host were last changed, in seconds; what is not there is left out. */
  changedAt(name: string, ...paths: string[]): number[] {
    const said = this.light(name).run(`stat -c %.9Z ${paths.join(" ")} 2>/dev/null || :`);
    return said.split("\n").filter(Boolean).map(Number);
  }

  /** Sessions on each host since the last time this was asked; those of this object are none. */
  sessions(): Map<string, NotedSession[]> {
    const names = [...this.hosts.keys()];
    return new Map(names.map((name) => [name, takeSessions(join(this.folder, name)).ended]));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.hosts.values()].map(({ server }) => server.stop()));
    await Promise.all([...this.hosts.values()].map(({ light }) => light.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
