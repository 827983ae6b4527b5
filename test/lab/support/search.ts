import { strict as assert } from "node:assert";
import type { LabHost } from "../../support/lab/labHost";
import { execute } from "../../support/lab/process";

/** Files of this machine below a folder that have one of the texts. */
export async function filesWith(texts: readonly string[], folder: string): Promise<string[]> {
  const result = await execute("grep", ["-rlaF", "-f", "-", "--", folder], { input: texts.join("\n") });
  assert.ok(result.exitCode < 2, result.stderr);
  return result.stdout.split("\n").filter(Boolean);
}

/** Files of a host, whatever file system they are on, and its journal. */
export async function onHost(host: LabHost, texts: readonly string[]): Promise<string[]> {
  const script = `
texts=$(cat)
search() { grep -aF -f <(printf '%s\\n' "$texts") "$@" || [ $? = 1 ]; }
search -rl --devices=skip --exclude-dir=proc --exclude-dir=sys --exclude-dir=journal /
journalctl -q -a --no-pager -o export | search -m 1 - | sed 's/.*/the journal/'`;
  const found = await host.succeed(script, { input: texts.join("\n"), seconds: 120 });
  return found.split("\n").filter(Boolean);
}
