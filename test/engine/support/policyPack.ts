import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { repository } from "./project";

/**
 * A policy pack of the repository, for `--policy-pack`. The CLI gives a folder to its language host, which the one that
 * can be had from Go modules is too old for; an executable in that folder it starts by itself. This one runs what the
 * language host would run, the runner of the pack's own SDK.
 */
export class PolicyPackCopy {
  private readonly folder: string;

  constructor(folder: string) {
    // Below the repository, where its packages are found.
    this.folder = mkdtempSync(join(repository, "build", "tmp", "policy-pack-"));
    cpSync(resolve(repository, folder), this.folder, { recursive: true });
    const runner = "$(node -p \"require.resolve('@pulumi/pulumi/cmd/run-policy-pack')\")";
    const text = `#!/bin/sh\ncd "$(dirname "$0")" && exec node "${runner}" "$@" .\n`;
    writeFileSync(this.executable, text, { mode: 0o755 });
  }

  get executable(): string {
    return join(this.folder, "run");
  }

  /** Flags of the CLI that hold a run to this pack. */
  flags(config: Record<string, unknown> = {}): string[] {
    const file = join(this.folder, "config.json");
    writeFileSync(file, JSON.stringify(config));
    return [`--policy-pack=${this.executable}`, `--policy-pack-config=${file}`];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
